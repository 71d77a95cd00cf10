// ImflowSyntaxTests
