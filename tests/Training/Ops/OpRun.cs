using OnnxFunctional.Tests.Cases;
using OnnxFunctional.Training.Engine;
using OnnxFunctional.Training.Execution;

namespace OnnxFunctional.Tests.Training.Operators;

/// <summary>A function of tensors as a plan for fixed shapes, run on arrays of doubles.</summary>
internal sealed class OpRun
{
    private readonly ExecutionPlan _plan;

    private OpRun(ExecutionPlan plan) => _plan = plan;

    public IReadOnlyList<Shape> Shapes => [.. _plan.Outputs.Select(output => output.Shape)];

    /// <summary>Placeholders for the inputs, the batch unknown where that is asked for.</summary>
    public static SymbolicTensor[] Placeholders(IEnumerable<OpInput> inputs, bool unknownBatch) =>
        [.. inputs.Select((input, i) => new InputLayer(unknownBatch ? input.OpenSpec.Shape : input.Spec.Shape, input.Type, "x" + i).Tensor)];

    /// <summary>Plans the outputs as functions of the inputs.</summary>
    public static OpRun Of(IReadOnlyList<SymbolicTensor> inputs, IReadOnlyList<SymbolicTensor> outputs, IEnumerable<OpInput> shapes, bool training = false, ulong seed = 7)
    {
        Value[] given = [.. inputs.Select(input => input.Value)];
        Value[] wanted = [.. outputs.Select(output => output.Value)];
        var map = Specialization.Of(given, wanted, training);
        return new OpRun(Planner.Plan(new PlanRequest(PlanOptions.WithoutModel(seed), given, [.. wanted.Select(value => map[value])], []), [.. shapes.Select(shape => shape.Spec)]));
    }

    /// <summary>Runs the plan.</summary>
    public double[][] Run(WorkerPool pool, double[][] inputs, ulong step = 3)
    {
        for (var i = 0; i < inputs.Length; i++) Put(inputs[i], _plan.Inputs[i]);
        _plan.Run(pool, step);
        return [.. _plan.Outputs.Select(Take)];
    }

    /// <summary>Runs the plan and gives all bytes of the outputs.</summary>
    public byte[] Bytes(WorkerPool pool, double[][] inputs, ulong step = 3)
    {
        Run(pool, inputs, step);
        return [.. _plan.Outputs.SelectMany(output => output.Bytes.ToArray())];
    }

    private static void Put(double[] values, ValueBuffer buffer)
    {
        for (var i = 0; i < values.Length; i++)
        {
            if (buffer.Spec.Type == DType.Float32) buffer.Floats[i] = (float)values[i];
            else if (buffer.Spec.Type == DType.Int64) buffer.Longs[i] = (long)values[i];
            else if (buffer.Spec.Type == DType.Int32) buffer.Ints[i] = (int)values[i];
            else buffer.Bools[i] = values[i] != 0;
        }
    }

    private static double[] Take(ValueBuffer buffer)
    {
        var values = new double[buffer.Length];
        for (var i = 0; i < values.Length; i++)
        {
            values[i] = buffer.Spec.Type switch
            {
                DType.Float32 => buffer.Floats[i],
                DType.Int64 => buffer.Longs[i],
                DType.Int32 => buffer.Ints[i],
                _ => buffer.Bools[i] ? 1 : 0,
            };
        }

        return values;
    }
}
