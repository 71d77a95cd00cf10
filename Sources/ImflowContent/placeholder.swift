// ImflowContent
