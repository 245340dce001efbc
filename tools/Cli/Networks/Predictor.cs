using System.Numerics.Tensors;
using OnnxFunctional.Cli.Samples;
using OnnxFunctional.Export;
using OnnxFunctional.Training;

namespace OnnxFunctional.Cli.Networks;

/// <summary>A model from a file, ready to predict: an ONNX file of any origin in ONNX Runtime, all else in the engine.</summary>
internal abstract class Predictor : IDisposable
{
    public abstract IReadOnlyList<TensorInfo> Inputs { get; }

    public abstract IReadOnlyList<TensorInfo> Outputs { get; }

    /// <summary>What computes.</summary>
    public abstract string Runtime { get; }

    /// <summary>The data that the model was trained on; null if the file does not say.</summary>
    public DataDescription? Description { get; private init; }

    /// <summary>Opens a file.</summary>
    /// <exception cref="ModelException">It holds no model with weights.</exception>
    /// <exception cref="ExportException">ONNX Runtime refuses it.</exception>
    public static Predictor Open(string path) => ModelSource.KindOf(path) switch
    {
        ModelKind.Onnx => new OnnxPredictor(OnnxModel.Load(path)) { Description = DataDescription.Of(path) },
        ModelKind.Keras => new EnginePredictor(Model.Load(path)),
        _ => throw new ModelException($"'{path}' holds an architecture without weights. Train it: onnxf train {path} --data DATA."),
    };

    /// <summary>All outputs of all samples.</summary>
    public abstract IReadOnlyList<NDArray> Predict(NDArrays x, int batchSize);

    public abstract void Dispose();

    private sealed class EnginePredictor(Model model) : Predictor
    {
        public override IReadOnlyList<TensorInfo> Inputs { get; } = TensorInfo.InputsOf(model);

        public override IReadOnlyList<TensorInfo> Outputs { get; } = TensorInfo.OutputsOf(model);

        public override string Runtime => "engine";

        public override IReadOnlyList<NDArray> Predict(NDArrays x, int batchSize) => model.PredictAll(x, model.Inputs[0].Shape[0] ?? batchSize);

        public override void Dispose()
        {
        }
    }
}

/// <summary>An ONNX file in ONNX Runtime.</summary>
internal sealed class OnnxPredictor(OnnxModel model) : Predictor
{
    public override IReadOnlyList<TensorInfo> Inputs { get; } = [.. model.Inputs.Select(TensorInfo.Of)];

    public override IReadOnlyList<TensorInfo> Outputs { get; } = [.. model.Outputs.Select(TensorInfo.Of)];

    public override string Runtime => "ONNX Runtime";

    public override IReadOnlyList<NDArray> Predict(NDArrays x, int batchSize)
    {
        var size = model.Inputs.Where(input => input.Dimensions.Count > 0).Select(input => input.Dimensions[0].Value).FirstOrDefault(dim => dim is not null);
        var (count, batch) = (x[0].Count, (int)(size ?? batchSize));
        var parts = new List<IReadOnlyList<OnnxValue>>();
        for (var start = 0; start < count; start += batch)
        {
            var samples = start..Math.Min(start + batch, count);
            parts.Add(model.Run([.. model.Inputs.Select(input => ToOnnx(x[input.Name][samples], input))]));
        }

        return [.. Enumerable.Range(0, Outputs.Count).Select(i => Joined(Outputs[i].Name, [.. parts.Select(part => part[i])]))];
    }

    public override void Dispose() => model.Dispose();

    /// <summary>Runs the model on samples that are converted once.</summary>
    /// <param name="x">The samples, as many as the model takes at a time; of a model for fewer, the first are taken.</param>
    public Action Prepared(NDArrays x)
    {
        var most = model.Inputs.Where(input => input.Dimensions.Count > 0).Select(input => input.Dimensions[0].Value).FirstOrDefault(dim => dim is not null);
        var count = (int)(most ?? x[0].Count);
        OnnxValue[] values = [.. model.Inputs.Select(input => ToOnnx(x[input.Name].Take([.. Enumerable.Range(0, count).Select(i => i % x[0].Count)]), input))];
        return () => model.Run(values);
    }

    /// <summary>A copy in the type of an input, with a last dimension of size 1 if that is all that is missing.</summary>
    private static OnnxValue ToOnnx(NDArray array, OnnxTensorInfo input)
    {
        var dims = array.Shape.ToList();
        if (input.Dimensions.Count == dims.Count + 1 && input.Dimensions[^1].Value == 1) dims.Add(1);
        nint[] lengths = [.. dims.Select(dim => (nint)dim!.Value)];
        if (input.ElementType == typeof(string))
            return OnnxValue.From(Tensor.Create(array.Shape.Count == 2 ? [.. ((string[,])array).Cast<string>()] : (string[])array, lengths));
        if (array.DType == DType.Int64 && input.ElementType == typeof(long) && dims.Count == array.Shape.Count) return array;
        var values = array.ToArray();
        return Type.GetTypeCode(input.ElementType) switch
        {
            TypeCode.Single => OnnxValue.From(Tensor.Create(values, lengths)),
            TypeCode.Double => OnnxValue.From(Tensor.Create(Array.ConvertAll(values, value => (double)value), lengths)),
            TypeCode.Int64 => OnnxValue.From(Tensor.Create(Array.ConvertAll(values, value => Whole(value, input)), lengths)),
            TypeCode.Int32 => OnnxValue.From(Tensor.Create(Array.ConvertAll(values, value => (int)Whole(value, input)), lengths)),
            TypeCode.Byte => OnnxValue.From(Tensor.Create(Array.ConvertAll(values, value => (byte)Whole(value, input)), lengths)),
            TypeCode.Boolean => OnnxValue.From(Tensor.Create(Array.ConvertAll(values, value => value != 0), lengths)),
            _ => throw new ModelException($"Input {input} is of a type that no data has. Use a model with inputs of float, double, int, long, bool or text."),
        };
    }

    private static long Whole(float value, OnnxTensorInfo input) => float.IsInteger(value)
        ? (long)value
        : throw new ModelException($"Input {input} takes whole numbers, but the data holds {value}. Use data of whole numbers.");

    private static NDArray Joined(string output, IReadOnlyList<OnnxValue> parts)
    {
        var type = parts[0].ElementType;
        return Type.GetTypeCode(type) switch
        {
            TypeCode.Single => Of<float, float>(value => value),
            TypeCode.Double => Of<double, float>(value => (float)value),
            TypeCode.Int64 => Of<long, long>(value => value),
            TypeCode.Int32 => Of<int, int>(value => value),
            TypeCode.Boolean => Of<bool, bool>(value => value),
            TypeCode.String => Of<string, string>(value => value),
            _ => throw new ModelException($"Output '{output}' has elements of type {type.Name}; expected float, double, int, long, bool or text."),
        };

        NDArray Of<TFrom, TTo>(Converter<TFrom, TTo> convert)
        {
            var all = new List<TTo>();
            foreach (var part in parts)
            {
                var tensor = part.As<TFrom>();
                var elements = new TFrom[tensor.FlattenedLength];
                tensor.FlattenTo(elements);
                all.AddRange(Array.ConvertAll(elements, convert));
            }

            int?[] dims = [.. parts[0].Lengths.ToArray().Select(length => (int?)length)];
            if (dims.Length == 0) return NDArray.Create(all.ToArray(), [all.Count]);
            dims[0] = (int)parts.Sum(part => part.Lengths[0]);
            return NDArray.Create(all.ToArray(), Shape.Create(dims));
        }
    }
}
