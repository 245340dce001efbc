using System.ComponentModel;
using OnnxFunctional.Export.Quantizing;
using OnnxFunctional.Training;
using OnnxFunctional.Training.Execution;

namespace OnnxFunctional.Export;

/// <summary>Makes models compute with 8-bit integers.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public static class Quantizer
{
    /// <summary>
    /// Quantizes the model's convolutions, products with weights and tables: <see cref="QuantizationOptions.Kind"/> says what becomes integers. With a gate,
    /// layers stay float32 one by one, the most sensitive first, until the score is good enough.
    /// </summary>
    /// <param name="model">The model, also one opened from a file of another program; it is not changed.</param>
    /// <param name="calibration">Typical data of the inputs: 100 to 1000 samples.</param>
    /// <param name="options">What becomes integers, and how; int8 with ranges of activations by default.</param>
    /// <param name="gate">What it may cost; without, all layers are quantized.</param>
    /// <exception cref="ExportException">
    /// There is nothing to quantize, an option is out of range, a name to keep is unknown, or the gate fails with all layers in float32 but one: the message
    /// has the table.
    /// </exception>
    /// <exception cref="ModelException">The data does not fit the inputs, or there is no sample.</exception>
    /// <example><code>
    /// var small = model.Quantize(x);
    /// Console.WriteLine(small);
    /// small.ExportOnnx("int8.onnx");
    /// </code></example>
    public static QuantizedModel Quantize(
        this Model model, NDArrays calibration, QuantizationOptions? options = null, QuantizationGate? gate = null)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(calibration);
        gate?.Check();
        using var held = WeightGate.Hold(model.Weights);
        if (model.IsBuilt && model.Layers.OfType<RoundingLayer>().FirstOrDefault() is { } trained)
        {
            if (options is not null)
                throw new ExportException($"Model '{model.Name}' has learned scales by the options that it was made with; leave out {nameof(options)}.");
            return new QuantizationSearch(trained, calibration, gate).Result();
        }

        options ??= new();
        options.Check();
        return new QuantizationSearch(model, calibration, options, gate).Result();
    }

    /// <summary>
    /// A model with the same weights that computes as the int8 file will: training it makes up for what rounding costs. Gradients go through the rounding, and
    /// scales are learned as weights. BatchNormalization uses its stored statistics, and Dropout does nothing.
    /// </summary>
    /// <param name="model">The model; its weights are those that are trained.</param>
    /// <param name="calibration">Typical data of the inputs, which the first ranges are of.</param>
    /// <param name="options">How ranges are found, and which layers stay float32.</param>
    /// <returns>A model to train, and then to quantize.</returns>
    /// <exception cref="ExportException">There is nothing to quantize, an option is out of range or not for training, or a name to keep is unknown.</exception>
    /// <exception cref="ModelException">The data does not fit the inputs, or there is no sample.</exception>
    /// <example><code>
    /// var aware = model.ToQuantizationAware(x);
    /// aware.Compile(new Adam(1e-4), Loss.MeanSquaredError).Fit(x, y, epochs: 3, verbose: 0);
    /// aware.Quantize(x).ExportOnnx("int8.onnx");
    /// </code></example>
    public static Model ToQuantizationAware(this Model model, NDArrays calibration, QuantizationOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(calibration);
        options ??= new();
        options.Check();
        if (options.Kind != QuantizationKind.StaticInt8)
            throw new ExportException($"Training learns the scales of {nameof(QuantizationKind.StaticInt8)}, but QuantizationOptions.Kind is {options.Kind}.");
        if (options.Equalize || options.CorrectBias || options.Rounding != WeightRounding.Nearest)
            throw new ExportException("Training itself chooses weights and biases; leave out Equalize, CorrectBias and Rounding of QuantizationOptions.");
        using var held = WeightGate.Hold(model.Weights);
        var folded = new FoldedGraph(model);
        var values = QuantizationSearch.ValuesOf(folded, options);
        QuantizedProduct[] products = [.. QuantizationSearch.Candidates(values, options)];
        var quanta = Calibration.Run(folded, values, values.Stored(values.Products), calibration, options);
        var layer = new RoundingLayer(model, folded, values, products, quanta, options);
        var aware = new Model(model.Inputs, layer.Call(model.Inputs), model.Name + "_aware", model.Seed);
        var weights = new QuantizedWeights(folded.Numbers(), new Dictionary<QuantizedProduct, float[]>(), options);
        layer.SetScales(products.Where(product => !product.IsTable).ToDictionary(product => product, product => weights.Of(product).Scales));
        return aware;
    }
}
