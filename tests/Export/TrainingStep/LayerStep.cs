using OnnxFunctional.Layers;
using OnnxFunctional.Tests.Cases;
using OnnxFunctional.Training;

namespace OnnxFunctional.Tests.Export.TrainingStep;

/// <summary>The model of a case with a Dense layer before it, so that the gradient of its inputs counts, and batches for its training steps.</summary>
internal sealed class LayerStep
{
    private const int Batch = 3;

    // For dimensions that are unknown until a batch arrives.
    private const int OpenLength = 4;

    private readonly LayerCase _row;
    private readonly SymbolicTensors _outputs;
    private readonly int _size;

    public LayerStep(LayerCase row)
    {
        SymbolicTensor[] inputs = [.. row.Inputs.Select((shape, i) => Model.Input(shape, row.InputType, "input_" + i, row.BatchSize))];
        var before = row.InputType == DType.Float32
            ? [.. inputs.Select(input => input.Apply(new Dense(input.Shape[^1] ?? throw new InvalidOperationException(row.Name))))]
            : inputs;
        _row = row;
        _size = row.BatchSize ?? Batch;
        _outputs = row.Create().CallAll(before, row.Options);
        Model = new Model(inputs, _outputs, "case");
    }

    public Model Model { get; }

    public StepBatch BatchAt(int step) => new(
        [.. _row.Inputs.Select((shape, i) => Data(Known(shape.Insert(0, _size)), (step * 10) + i))],
        [.. _outputs.Select((output, i) => StepData.Shares((step * 10) + 5 + i, [.. Known(output.Shape.With(0, _size)).Dims]))]);

    private static Shape Known(Shape shape) => Shape.Of([.. shape.Select(dim => dim ?? OpenLength)]);

    private NDArray Data(Shape shape, int seed) => _row.InputType == DType.Float32
        ? _row.PositiveInputs ? StepData.Shares(seed, [.. shape.Dims]) : StepData.Signed(seed, [.. shape.Dims])
        : StepData.Numbers(seed, _row.Classes, [.. shape.Dims]).To(_row.InputType, _row.Name);
}
