using System.ComponentModel;
using System.Runtime.CompilerServices;
using OnnxFunctional.Training.Data;
using OnnxFunctional.Training.Engine;
using OnnxFunctional.Training.Execution;

namespace OnnxFunctional.Training;

/// <summary>Predictions of models.</summary>
/// <example><code>
/// var probabilities = model.Predict(x);
/// Console.WriteLine(probabilities[0, 2]);
/// foreach (var (name, values) in model.PredictNamed(x)) Console.WriteLine($"{name} {values.Shape}");
/// </code></example>
[EditorBrowsable(EditorBrowsableState.Never)]
public static class Prediction
{
    /// <summary>The model's only output for every sample.</summary>
    /// <param name="model">The model.</param>
    /// <param name="x">The data of the inputs.</param>
    /// <param name="batchSize">The number of samples per batch.</param>
    /// <returns>(samples, ...).</returns>
    /// <exception cref="ModelException">The data does not fit the inputs, or the model has several outputs.</exception>
    [OverloadResolutionPriority(1)]
    public static NDArray Predict(this Model model, NDArrays x, int batchSize = 32)
    {
        ArgumentNullException.ThrowIfNull(model);
        DataChecks.Build(model, x);
        if (model.Outputs.Count != 1)
        {
            throw new ModelException(
                $"Model '{model.Name}' has {model.Outputs.Count} outputs ({string.Join(", ", model.OutputNames)}). Use PredictNamed or PredictAll.");
        }

        return PredictAll(model, x, batchSize)[0];
    }

    /// <summary>The model's only output for the samples of batches, such as those of a <see cref="Dataset{T}"/>; their targets are not read.</summary>
    /// <param name="model">The model.</param>
    /// <param name="batches">The batches.</param>
    /// <returns>(samples, ...), in the order of the batches.</returns>
    /// <exception cref="ModelException">There is no batch, one does not fit the inputs, or the model has several outputs.</exception>
    public static NDArray Predict(this Model model, IEnumerable<Batch> batches)
    {
        ArgumentNullException.ThrowIfNull(batches);
        var outputs = batches.Select(batch => model.Predict(batch.X, Math.Max(1, batch.X[0].Count))).ToList();
        return outputs.Count > 0 ? NDArray.Concatenate(outputs) : throw new ModelException("There is no batch to predict from.");
    }

    /// <summary>All outputs by name.</summary>
    /// <param name="model">The model.</param>
    /// <param name="x">The data of the inputs.</param>
    /// <param name="batchSize">The number of samples per batch.</param>
    /// <exception cref="ModelException">The data do not fit the inputs, or the model is not built and cannot be for them.</exception>
    public static IReadOnlyDictionary<string, NDArray> PredictNamed(this Model model, NDArrays x, int batchSize = 32)
    {
        var outputs = PredictAll(model, x, batchSize);
        return model.OutputNames.Zip(outputs).ToDictionary(pair => pair.First, pair => pair.Second);
    }

    /// <summary>All outputs, in the model's order.</summary>
    /// <param name="model">The model.</param>
    /// <param name="x">The data of the inputs.</param>
    /// <param name="batchSize">The number of samples per batch.</param>
    /// <exception cref="ModelException">The data do not fit the inputs, or the model is not built and cannot be for them.</exception>
    public static IReadOnlyList<NDArray> PredictAll(this Model model, NDArrays x, int batchSize = 32)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(x);
        DataChecks.Build(model, x);
        return Run(model, "outputs", [.. model.Outputs.Select(output => output.Value)], x, batchSize);
    }

    /// <summary>The data of the inputs and the number of samples that a batch of it may have.</summary>
    /// <exception cref="ModelException">The data does not fit the inputs, or the batch size is not positive.</exception>
    internal static (IReadOnlyList<NDArray> Data, int BatchSize) Checked(Model model, NDArrays x, int batchSize)
    {
        if (batchSize < 1) throw new ModelException($"batchSize is {batchSize}; expected at least 1.");
        var data = DataChecks.Inputs(model, x);

        // Arrays are cut along their first axis.
        if (model.Inputs.Any(input => DataChecks.SampleAxis(input.Shape) > 0)) batchSize = Math.Max(1, data.Max(array => array.Count));
        DataChecks.BatchesFit(model, data[0].Count, batchSize);
        return (data, batchSize);
    }

    /// <summary>Any values of the model's inference graph, for every sample.</summary>
    internal static IReadOnlyList<NDArray> Run(Model model, string key, IReadOnlyList<Value> values, NDArrays x, int batchSize)
    {
        (var data, batchSize) = Checked(model, x, batchSize);
        var samples = data[0].Count;

        // No kernel need know of empty arrays: one sample of zeros has the shapes of none.
        var count = Math.Max(1, samples);
        if (samples == 0) data = [.. data.Select(array => NDArray.Zeros(array.Shape.With(0, 1), array.DType))];
        var engine = ModelEngine.Of(model);

        // All batches see the same weights, also beside a training.
        using var held = count > batchSize ? WeightGate.Hold(model.Weights) : default;
        var results = new float[values.Count][];
        var texts = new string[values.Count][];
        var shapes = new Shape[values.Count];
        for (var start = 0; start < count; start += batchSize)
        {
            var size = Math.Min(batchSize, count - start);
            var batch = size == count ? data : [.. data.Select(array => array.Slice(start, size))];
            engine.Infer(key, values, batch, (i, buffer) =>
            {
                var perSample = buffer.Shape.Rank > 0 && buffer.Shape.Dims[0] == size;
                if (start == 0)
                {
                    shapes[i] = perSample ? buffer.Shape.With(0, count) : buffer.Shape;
                    var elementsOfAll = Sizes.Count(shapes[i], $"The result of {values[i].Origin} for all samples", "Predict fewer samples at a time.");
                    if (buffer.Spec.Type == DType.String) texts[i] = new string[elementsOfAll];
                    else results[i] = MemoryShortage.Guard(
                        $"for {MemoryShortage.Megabytes(elementsOfAll * (long)sizeof(float))} of results {shapes[i]}", model, () => new float[elementsOfAll]);
                }

                var elements = perSample ? buffer.Length / size : 0;
                var at = perSample ? start * elements : 0;
                if (texts[i] is { } words) buffer.Strings.CopyTo(words.AsSpan(at));
                else CopyAsFloats(buffer, results[i].AsSpan(at, buffer.Length));
                if (samples == 0 && perSample) (shapes[i], results[i], texts[i]) = (shapes[i].With(0, 0), [], texts[i]?[..0]!);
            });
        }

        return [.. shapes.Select((shape, i) => texts[i] is { } words ? NDArray.Create(words, shape) : NDArray.Create(results[i], shape))];
    }

    /// <summary>Copies numbers of any type that is computed as float32.</summary>
    /// <exception cref="ModelException">The type is another.</exception>
    internal static void CopyAsFloats(ValueBuffer buffer, Span<float> target)
    {
        switch (buffer.Spec.Type)
        {
            case DType.Float32:
                buffer.Floats.CopyTo(target);
                break;
            case DType.Int64:
                for (var i = 0; i < target.Length; i++) target[i] = buffer.Longs[i];
                break;
            case DType.Int32:
                for (var i = 0; i < target.Length; i++) target[i] = buffer.Ints[i];
                break;
            case DType.Int8:
                for (var i = 0; i < target.Length; i++) target[i] = (sbyte)buffer.Bytes[i];
                break;
            case DType.UInt8:
                for (var i = 0; i < target.Length; i++) target[i] = buffer.Bytes[i];
                break;
            case DType.Bool:
                for (var i = 0; i < target.Length; i++) target[i] = buffer.Bools[i] ? 1 : 0;
                break;
            default:
                throw new ModelException($"An output of type {buffer.Spec.Type.KerasName()} cannot be read as float32.");
        }
    }
}
