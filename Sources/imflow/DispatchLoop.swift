import Dispatch
import ImflowCompiler

/// Spreads work over the machine's cores.
let dispatchLoop: ParallelLoop = { iterations, body in
    DispatchQueue.concurrentPerform(iterations: iterations, execute: body)
}
