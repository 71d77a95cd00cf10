// ImflowJSONTests
