// ImflowProcess
