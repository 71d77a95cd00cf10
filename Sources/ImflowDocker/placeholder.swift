// ImflowDocker
