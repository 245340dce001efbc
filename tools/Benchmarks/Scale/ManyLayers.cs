using OnnxFunctional.Export;
using OnnxFunctional.Layers;
using OnnxFunctional.Training;

namespace OnnxFunctional.Benchmarks.Scale;

/// <summary>What deep models cost before they compute: each of their steps once, against the number of layers.</summary>
internal static class ManyLayers
{
    private const int Units = 8;

    /// <summary>Prints a table for each kind of network.</summary>
    /// <param name="sizes">The numbers of layers.</param>
    public static void Measure(int[] sizes)
    {
        foreach (var (name, block, count) in new (string, Func<SymbolicTensor, SymbolicTensor>, int)[]
        {
            ("a chain of Dense(8)", x => new Dense(Units, Activation.Relu).Call(x), 1),
            ("Dense(8), and the sum with its input", x => new Add().Call([x, new Dense(Units, Activation.Relu).Call(x)]), 2),
            ("Dense(8) and BatchNormalization", x => new BatchNormalization().Call(new Dense(Units).Call(x)), 2),
        })
        {
            Console.Out.WriteLine($"Layers: {name}; ms");
            var table = new Growth(
                "layers", ["build", "summary", "compile", "first step", "step", "predict", "save", "load", ".keras", "from .keras", "export"]);
            Costs(block, 20 / count);
            foreach (var size in sizes) table.Add(size, Costs(block, size / count));
            table.End();
        }
    }

    private static double[] Costs(Func<SymbolicTensor, SymbolicTensor> block, int blocks)
    {
        var folder = Directory.CreateTempSubdirectory("scale");
        try
        {
            return Costs(block, blocks, folder.FullName);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static double[] Costs(Func<SymbolicTensor, SymbolicTensor> block, int blocks, string folder)
    {
        var (model, trainer, summary) = ((Model)null!, (Trainer)null!, "");
        var (x, y) = (NDArray.Create(new float[4 * Units], [4, Units]), NDArray.Create(new float[4], [4, 1]));
        var (onnx, saved, keras) = (Path.Combine(folder, "m.onnx"), Path.Combine(folder, "t.onnx"), Path.Combine(folder, "m.keras"));
        return
        [
            Growth.Time(() => model = Built(block, blocks)),
            Growth.Time(() => summary = model.ToString()),
            Growth.Time(() => trainer = model.Compile(new Adam(), Loss.MeanSquaredError, metrics: [Metric.MeanAbsoluteError], threads: 1)),
            Growth.Time(() => trainer.TrainOnBatch(x, y)),
            Growth.Warm(() => trainer.TrainOnBatch(x, y)),
            Growth.Time(() => model.Predict(x)),
            Growth.Time(() => trainer.Save(saved)),
            Growth.Time(() => Trainer.Load(saved)),
            Growth.Time(() => model.Save(keras)),
            Growth.Time(() => Model.Load(keras)),
            Growth.Time(() => model.ExportOnnx(onnx)),
        ];
    }

    private static Model Built(Func<SymbolicTensor, SymbolicTensor> block, int blocks)
    {
        var input = Model.Input([Units]);
        var x = input;
        for (var i = 0; i < blocks; i++) x = block(x);
        return new Model(input, new Dense(1).Call(x));
    }
}
