using OnnxFunctional.Export.Verify;

namespace OnnxFunctional.Export;

/// <summary>Compares ONNX files with each other, and with models, in ONNX Runtime.</summary>
/// <example><code>
/// Console.WriteLine(OnnxVerifier.Compare("mine.onnx", "theirs.onnx"));
/// Console.WriteLine(OnnxVerifier.Compare(model, "deployed.onnx").FirstDifference?.Layer);
/// </code></example>
public static class OnnxVerifier
{
    /// <summary>
    /// Runs two files on the same inputs, graph optimizations off and on, and compares every tensor that both name and all outputs, which correspond by
    /// position.
    /// </summary>
    /// <param name="first">A file of any origin.</param>
    /// <param name="second">Another one, whose inputs have the same types and ranks.</param>
    /// <param name="options">Inputs and tolerances.</param>
    /// <exception cref="ExportException">
    /// The files take other inputs or have other numbers of outputs, the first does not run on the inputs, or an option is out of range.
    /// </exception>
    /// <exception cref="OnnxFileException">A file is missing, damaged or beyond a limit.</exception>
    public static OnnxComparison Compare(string first, string second, ComparisonOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(first);
        ArgumentNullException.ThrowIfNull(second);
        options ??= new();
        options.Check();
        return new FilePair(first, second, options).Compare();
    }

    /// <summary>Compares a model with a file: its own export, which is verified against the engine, and the file, as the other overload does.</summary>
    /// <param name="model">The model.</param>
    /// <param name="file">A file that is to compute the same, such as one that is deployed, or that another program made of it.</param>
    /// <param name="options">Inputs and tolerances.</param>
    /// <exception cref="ExportException">The model cannot be exported, or as for two files.</exception>
    /// <exception cref="OnnxFileException">The file is missing, damaged or beyond a limit.</exception>
    public static OnnxComparison Compare(Model model, string file, ComparisonOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(model);
        var folder = Directory.CreateTempSubdirectory("onnxfunctional-compare-");
        try
        {
            var own = Path.Combine(folder.FullName, "model.onnx");
            model.ExportOnnx(own);
            var result = Compare(own, file, options);
            return new OnnxComparison(model.Name, file, result.Tensors, result.Failure?.Replace(own, model.Name, StringComparison.Ordinal));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }
}
