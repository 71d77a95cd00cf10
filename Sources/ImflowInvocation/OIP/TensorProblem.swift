/// Why a value is no tensor of a port, or a tensor no value; as the end of a sentence that names the port.
struct TensorProblem: Error {
    let sentence: String

    init(_ sentence: String) { self.sentence = sentence }
}
