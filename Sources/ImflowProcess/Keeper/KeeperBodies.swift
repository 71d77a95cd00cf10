import ImflowExecution
import ImflowInvocation
import ImflowPlan

/// How what engine and keeper say to each other is written in a message.
extension ProgramOrder {
    var body: [UInt8] {
        var fields = FieldWriter()
        for text in [key, program.model, program.path, program.folder, logPath, recordPath] { fields.put(text) }
        fields.put(outlives)
        fields.put(program.words)
        fields.put(program.variables)
        for secret in redactor.secrets { fields.put(secret) }
        return fields.bytes
    }

    init?(body: [UInt8]) {
        var fields = FieldReader(body)
        guard let key = fields.text(), let model = fields.text(), let path = fields.text(), let folder = fields.text(),
            let logPath = fields.text(), let recordPath = fields.text(), let outlives = fields.number(),
            let words = fields.field(), let variables = fields.field(),
            let program = Program(model: model, path: path, folder: folder, words: words, variables: variables)
        else { return nil }
        var secrets: [[UInt8]] = []
        while !fields.isAtEnd {
            guard let secret = fields.field() else { return nil }
            secrets.append(secret)
        }
        self.init(
            key: key, program: program, logPath: logPath, redactor: SecretRedactor(bytes: secrets),
            recordPath: recordPath, marks: [], outlives: outlives)
    }
}

extension Exit {
    var body: [UInt8] {
        var fields = FieldWriter()
        fields.put(signal == nil ? 0 : 1 as UInt32)
        fields.put(UInt32(bitPattern: signal ?? code ?? 0))
        fields.put(outOfMemory ? 1 : 0 as UInt32)
        fields.put(outputTruncated ? 1 : 0 as UInt32)
        fields.put(output)
        return fields.bytes
    }

    init?(body: [UInt8]) {
        var fields = FieldReader(body)
        guard let isSignal = fields.number(), let number = fields.number(), let outOfMemory = fields.number(),
            let truncated = fields.number(), let output = fields.field(), fields.isAtEnd
        else { return nil }
        let status = Int32(bitPattern: number)
        self.init(
            code: isSignal == 0 ? status : nil, signal: isSignal == 0 ? nil : status, outOfMemory: outOfMemory != 0,
            output: output, outputTruncated: truncated != 0)
    }
}

extension Failure {
    var body: [UInt8] {
        var fields = FieldWriter()
        fields.put(cause.rawValue)
        fields.put(message)
        return fields.bytes
    }

    init?(body: [UInt8]) {
        var fields = FieldReader(body)
        guard let cause = fields.text().flatMap(Cause.init(rawValue:)), let message = fields.text() else { return nil }
        self.init(cause, message)
    }
}
