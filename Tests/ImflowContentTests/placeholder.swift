// ImflowContentTests
