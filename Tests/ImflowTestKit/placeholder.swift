// ImflowTestKit
