import ImflowExecution
import ImflowJSON
import ImflowPlan

extension ExecutorConformance {
    /// How `exec` models fail, and what is left of them then.
    static let execFailureCases: [ConformanceCase] = [
        ConformanceCase("exec: a non-zero exit is the model's failure, with the end of its log", .exec) { bench in
            let model = try await bench.model(
                .shell, "echo hidden >&2; for i in 1 2 3 4 5; do echo line $i >&2; done; exit 3")
            let failure = try await bench.failure(of: bench.whole(model), .app, naming: "code 3", "line 1", "line 5")
            try expect(!failure.message.contains("hidden"), "only the last lines belong in: \(failure)")
        },
        ConformanceCase("exec: garbage is quoted, harmlessly", .exec) { bench in
            let model = try await bench.model(.shell, #"printf 'oh \033[31mno'; head -c 100000 /dev/zero | tr '\0' x"#)
            let failure = try await bench.failure(
                of: bench.whole(model), .app, naming: "oh \\x1b[31mno", "not one JSON value")
            try expect(failure.message.utf8.count < 1000, "the message is too long: \(failure)")
        },
        ConformanceCase("exec: two JSON values are not one", .exec) { bench in
            let model = try await bench.model(.shell, "echo 1; echo 2")
            try await bench.failure(of: bench.whole(model), .app, naming: "not one JSON value")
        },
        ConformanceCase("exec: nothing printed is said so", .exec) { bench in
            let model = try await bench.model(.shell, "cat >/dev/null; echo")
            try await bench.failure(of: bench.whole(model), .app, naming: "neither wrote $IMFLOW_OUTPUT nor printed")
        },
        ConformanceCase("exec: 1 GB of output does no harm", .exec) { bench in
            let model = try await bench.model(.shell, "dd if=/dev/zero bs=1048576 count=1024 2>/dev/null | tr '\\0' x")
            try await bench.failure(of: bench.whole(model), .app, naming: "printed more than 67108864 bytes", "“xxxx")
        },
        ConformanceCase("exec: a program that never answers is ended at the timeout", .exec) { bench in
            let model = try await bench.model(.shell, "echo begun >&2; sleep 1000 & sleep 1000")
            let order = try bench.whole(model, timeout: TimeSpan(milliseconds: 1500))
            let time = try await bench.time { try await bench.failure(of: order, .timeout, naming: "timeout of 1.5 s") }
            try expect(
                time >= TimeSpan(milliseconds: 1500) && time < TimeSpan(seconds: 60), "it took \(time.seconds) s")
        },
        ConformanceCase("exec: a program that does not heed SIGTERM is killed", .exec) { bench in
            let model = try await bench.model(.shell, "trap '' TERM; while :; do sleep 1; done")
            try await bench.failure(of: bench.whole(model, timeout: TimeSpan(milliseconds: 800)), .timeout)
        },
        ConformanceCase("exec: the end by a signal is named", .exec) { bench in
            // As a container's first process it does not feel the signal, and says what a shell says of a child.
            let model = try await bench.model(.shell, "kill -SEGV $$; exit 139")
            let failure = try await bench.failure(of: bench.whole(model), .app)
            let named = failure.message.contains("signal 11 (SIGSEGV)") || failure.message.contains("code 139")
            try expect(named, "the signal is not named: \(failure)")
        },
        ConformanceCase("exec: a child in the background ends with its program", .exec) { bench in
            let model = try await bench.model(.shell, "sleep 1000 & echo 1")
            let time = try await bench.time {
                let result = try await bench.result(of: bench.whole(model))
                try expect(result == 1, "the result is \(result.text)")
            }
            try expect(time < TimeSpan(seconds: 60), "it took \(time.seconds) s")
            let left = try await bench.fixture.leftovers(of: bench.job)
            try expect(left.isEmpty, "left before shutdown:\n" + left.joined(separator: "\n"))
        },
        ConformanceCase("exec: cancelling ends what runs, whole", .exec) { bench in
            let script =
                #"case "$(cat)" in *'"stay":true'*) echo staying >&2; sleep 1000 & sleep 1000;; *) echo 1;; esac"#
            let model = try await bench.model(.shell, script)
            let order = try bench.shard(model, units: [[:], ["stay": true], [:]])
            let report = try await bench.cancelling(order, whenLogged: "staying")
            guard case .failed(let failure) = report.outcome, failure.cause == .cancelled else {
                throw ConformanceViolation("the outcome is \(report.outcome)")
            }
            let left = try await bench.fixture.leftovers(of: bench.job)
            try expect(left.isEmpty, "left before shutdown:\n" + left.joined(separator: "\n"))
        },
        ConformanceCase("exec: the first failing unit fails the shard and is named", .exec) { bench in
            let model = try await bench.model(.shell, #"case "$(cat)" in *'"bad":true'*) exit 9;; esac; echo 1"#)
            let order = try bench.shard(model, units: [[:], ["bad": true], [:]])
            try await bench.failure(of: order, .app, naming: "unit 41", "code 9")
        },
        ConformanceCase("exec: a result may not name files outside of the work folder", .exec) { bench in
            let model = try await bench.model(
                .shell, #"echo "{\"stolen\": \"file://$IMFLOW_WORKDIR/../../../../../../../../../etc/passwd\"}""#)
            try await bench.failure(of: bench.whole(model), .app)
        },
        ConformanceCase("exec: a link in the work folder leads nowhere", .exec) { bench in
            let model = try await bench.model(
                .shell, #"ln -s /etc/passwd "$IMFLOW_WORKDIR/x"; echo "{\"stolen\": \"file://$IMFLOW_WORKDIR/x\"}""#)
            try await bench.failure(of: bench.whole(model), .app)
        },
        ConformanceCase("exec: IMFLOW_OUTPUT may not be a link or a pipe", .exec) { bench in
            let link = try await bench.model(.shell, #"ln -s /etc/passwd "$IMFLOW_OUTPUT""#)
            try await bench.failure(of: bench.whole(link), .app, naming: "symbolic link")
            let pipe = try await bench.model(.shell, #"mkfifo "$IMFLOW_OUTPUT""#)
            try await bench.failure(of: bench.whole(pipe, attempt: 2), .app, naming: "not a regular file")
        },
        ConformanceCase("exec: secrets are not told", .exec) { bench in
            let model = try await bench.model(
                .shell, #"echo "my key is $KEY" >&2; exit 1"#, environment: ["KEY": "${PATH}"])
            try await bench.failure(of: bench.whole(model), .app, naming: "my key is ***")
        },
        ConformanceCase("exec: a variable that is not set is named", .exec) { bench in
            let model = try await bench.model(.shell, "echo 1", environment: ["KEY": "${IMFLOW_NEVER_SET}"])
            try await bench.failure(of: bench.whole(model), .app, naming: "IMFLOW_NEVER_SET", "KEY")
        },
    ]
}
