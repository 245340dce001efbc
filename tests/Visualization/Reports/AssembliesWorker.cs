using OnnxFunctional.Layers;
using OnnxFunctional.Training;
using OnnxFunctional.Training.Callbacks;

namespace OnnxFunctional.Tests.Visualization.Reports;

/// <summary>A training without pictures, in a process of its own, which then says what it has loaded.</summary>
internal static class AssembliesWorker
{
    public const string Command = "assemblies-worker";

    public static int Run(string log)
    {
        var model = new Sequential([1], new Dense(1));
        model.Compile(new Sgd(), Loss.MeanSquaredError).Fit(new float[2, 1], new float[2, 1], verbose: Verbosity.Chart, callbacks: [new CsvLogger(log)]);
        foreach (var assembly in AppDomain.CurrentDomain.GetAssemblies()) Console.WriteLine(assembly.GetName().Name);
        return 0;
    }
}
