// ImflowEngine
