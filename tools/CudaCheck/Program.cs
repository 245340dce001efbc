using System.CommandLine;
using System.Runtime.InteropServices;
using OnnxFunctional.Benchmarks.Cases;
using OnnxFunctional.CudaCheck;
using OnnxFunctional.Export;
using OnnxFunctional.Export.Runtime;

var provider = new Option<string>("--provider") { Description = "cuda, or cpu to try the program where no card is.", DefaultValueFactory = _ => "cuda" };
provider.AcceptOnlyFromAmong("cuda", "cpu");
var parity = new Option<DirectoryInfo>("--parity")
{
    Description = "The folder with Keras' models and outputs.",
    DefaultValueFactory = _ => new DirectoryInfo(Path.Combine(AppContext.BaseDirectory, "keras-parity")),
};
var steps = new Option<int>("--steps") { Description = "Training steps of each network; 0 for none.", DefaultValueFactory = _ => 50 };
var cases = new Option<string[]>("--cases")
{
    Description = "The networks whose steps are timed.",
    AllowMultipleArgumentsPerToken = true,
    DefaultValueFactory = _ => [.. BenchmarkCase.All.Select(known => known.Name)],
};
var batches = new Option<int[]>("--batches")
{
    Description = "Samples per timed step.",
    AllowMultipleArgumentsPerToken = true,
    DefaultValueFactory = _ => [32, 512],
};
var rounds = new Option<int>("--rounds") { Description = "Alternating rounds of each timing; 0 for no timing.", DefaultValueFactory = _ => 15 };

var command = new RootCommand("Compares ONNX Runtime on an NVIDIA card with Keras and with the engine, and times training steps.")
{
    provider, parity, steps, cases, batches, rounds,
};
command.SetAction(given =>
{
    var device = ExecutionProvider.Cpu;
    if (given.GetValue(provider) == "cuda")
    {
        if (Gpu.Missing() is { } reason)
        {
            Console.WriteLine($"skipped: {reason}");
            return 0;
        }

        device = ExecutionProvider.Cuda();
        try
        {
            OrtSetup.Check(device, new OnnxModelOptions());
        }
        catch (ExportException missing)
        {
            // Every check would say it again.
            Console.WriteLine($"failed: there is a card, but {missing.Message} ONNX Runtime 1.31 needs CUDA 13 and cuDNN 9.");
            return 1;
        }
    }

    Console.WriteLine($"{device}; {Environment.ProcessorCount} processors {RuntimeInformation.ProcessArchitecture}; {RuntimeInformation.FrameworkDescription}");
    var checks = new Checks(Console.Out);
    new ParityCheck(device, checks).Run(given.GetValue(parity)!.FullName);
    new StepCheck(device, checks).Run(given.GetValue(steps));
    new SpeedCheck(device, checks, given.GetValue(rounds)).Run(given.GetValue(cases)!, given.GetValue(batches)!);
    return checks.Finish();
});
return command.Parse(args).Invoke();
