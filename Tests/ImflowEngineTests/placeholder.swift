// ImflowEngineTests
