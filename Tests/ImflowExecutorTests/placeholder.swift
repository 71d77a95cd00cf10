// ImflowExecutorTests
