// ImflowHTTP
