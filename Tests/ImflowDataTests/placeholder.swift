// ImflowDataTests
