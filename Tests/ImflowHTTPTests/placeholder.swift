// ImflowHTTPTests
