internal import ImflowExecution

/// What is wrong with a table, and in which line of its file, from 1.
struct RowMistake: Error, Equatable {
    var line: Int
    var text: String

    /// As the failure of whoever reads the file `name`.
    func failure(in name: String) -> Failure { Failure(.app, "\(name), line \(line): \(text)") }
}
