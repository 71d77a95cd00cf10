// ImflowCompiler
