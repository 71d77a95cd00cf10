// ImflowCompilerTests
