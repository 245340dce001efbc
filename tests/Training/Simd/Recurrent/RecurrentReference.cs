using OnnxFunctional.Training.Simd;

namespace OnnxFunctional.Tests.Training.Simd;

/// <summary>The recurrent cells in double precision, one plain loop per formula, with finite differences for gradients.</summary>
internal sealed class RecurrentReference(RecurrentShape shape)
{
    public required double[] Input { get; init; }
    public required double[] Kernel { get; init; }
    public required double[] RecurrentKernel { get; init; }
    public double[]? Bias { get; init; }
    public double[]? InitialState { get; init; }
    public double[]? InitialCell { get; init; }
    public byte[]? Mask { get; init; }
    public double[]? SequenceGradient { get; init; }
    public double[]? LastStateGradient { get; init; }
    public double[]? LastCellGradient { get; init; }

    public double[] Sequence { get; } = new double[shape.Batch * shape.Time * shape.Units];
    public double[] LastState { get; } = new double[shape.Batch * shape.Units];
    public double[] LastCell { get; } = new double[shape.Batch * shape.Units];

    /// <summary>The derivative of the weighted sum of all outputs with respect to one value.</summary>
    public double Derivative(double[] values, int index)
    {
        const double Distance = 1e-5;
        var value = values[index];
        values[index] = value + Distance;
        var above = Loss();
        values[index] = value - Distance;
        var below = Loss();
        values[index] = value;
        return (above - below) / (2 * Distance);
    }

    public void Run()
    {
        for (var row = 0; row < shape.Batch; row++) RunRow(row);
    }

    private double Loss()
    {
        Run();
        return Dot(Sequence, SequenceGradient) + Dot(LastState, LastStateGradient) + Dot(LastCell, LastCellGradient);
    }

    private void RunRow(int row)
    {
        var units = shape.Units;
        var h = new double[units];
        var c = new double[units];
        if (InitialState is not null) Array.Copy(InitialState, row * units, h, 0, units);
        if (InitialCell is not null) Array.Copy(InitialCell, row * units, c, 0, units);
        var shown = new double[units];
        for (var step = 0; step < shape.Time; step++)
        {
            var time = shape.Reverse ? shape.Time - 1 - step : step;
            var at = (row * shape.Time) + time;
            var masked = Mask is not null && Mask[at] == 0;
            if (!masked)
            {
                (h, c) = Cell(Input.AsSpan(at * shape.Inputs, shape.Inputs), h, c);
                shown = h;
            }

            for (var unit = 0; unit < units; unit++) Sequence[(at * units) + unit] = masked && shape.ZeroOutputForMask ? 0 : shown[unit];
        }

        h.CopyTo(LastState, row * units);
        c.CopyTo(LastCell, row * units);
    }

    private (double[] State, double[] Cell) Cell(ReadOnlySpan<double> x, double[] h, double[] c)
    {
        var units = shape.Units;
        var newState = new double[units];
        var newCell = new double[units];
        var z = new double[units];
        var resetState = new double[units];
        if (shape.Kind is RecurrentKind.Gru or RecurrentKind.GruResetBefore)
        {
            for (var unit = 0; unit < units; unit++)
            {
                z[unit] = Gate(FromInput(x, 0, unit) + FromState(h, 0, unit));
                resetState[unit] = Gate(FromInput(x, 1, unit) + FromState(h, 1, unit));
            }
        }

        for (var unit = 0; unit < units; unit++)
        {
            switch (shape.Kind)
            {
                case RecurrentKind.Simple:
                    newState[unit] = Main(FromInput(x, 0, unit) + FromState(h, 0, unit));
                    break;
                case RecurrentKind.Lstm:
                    var i = Gate(FromInput(x, 0, unit) + FromState(h, 0, unit));
                    var f = Gate(FromInput(x, 1, unit) + FromState(h, 1, unit));
                    var g = Main(FromInput(x, 2, unit) + FromState(h, 2, unit));
                    var o = Gate(FromInput(x, 3, unit) + FromState(h, 3, unit));
                    newCell[unit] = (f * c[unit]) + (i * g);
                    newState[unit] = o * Main(newCell[unit]);
                    break;
                case RecurrentKind.Gru:
                    var after = Main(FromInput(x, 2, unit) + (resetState[unit] * FromState(h, 2, unit)));
                    newState[unit] = (z[unit] * h[unit]) + ((1 - z[unit]) * after);
                    break;
                default:
                    var reset = new double[units];
                    for (var k = 0; k < units; k++) reset[k] = resetState[k] * h[k];
                    var before = Main(FromInput(x, 2, unit) + FromState(reset, 2, unit));
                    newState[unit] = (z[unit] * h[unit]) + ((1 - z[unit]) * before);
                    break;
            }
        }

        return (newState, newCell);
    }

    private double FromInput(ReadOnlySpan<double> x, int gate, int unit)
    {
        var column = (gate * shape.Units) + unit;
        var sum = Bias is null ? 0 : Bias[column];
        for (var k = 0; k < x.Length; k++) sum += x[k] * Kernel[(k * shape.Gates * shape.Units) + column];
        return sum;
    }

    private double FromState(double[] h, int gate, int unit)
    {
        var column = (gate * shape.Units) + unit;
        var sum = Bias is not null && shape.Kind == RecurrentKind.Gru ? Bias[(shape.Gates * shape.Units) + column] : 0;
        for (var k = 0; k < h.Length; k++) sum += h[k] * RecurrentKernel[(k * shape.Gates * shape.Units) + column];
        return sum;
    }

    private double Main(double x) => Activate(shape.Activation, x);

    private double Gate(double x) => Activate(shape.GateActivation, x);

    private static double Dot(double[] values, double[]? weights)
    {
        if (weights is null) return 0;
        var sum = 0.0;
        for (var i = 0; i < values.Length; i++) sum += values[i] * weights[i];
        return sum;
    }

    private static double Activate(RecurrentActivation activation, double x) => activation switch
    {
        RecurrentActivation.Tanh => Math.Tanh(x),
        RecurrentActivation.Sigmoid => Sigmoid(x),
        RecurrentActivation.Linear => x,
        RecurrentActivation.Relu => Math.Max(x, 0),
        RecurrentActivation.Relu6 => Math.Clamp(x, 0, 6),
        RecurrentActivation.LeakyRelu => x > 0 ? x : 0.2 * x,
        RecurrentActivation.Elu or RecurrentActivation.Celu => x > 0 ? x : Math.Exp(x) - 1,
        RecurrentActivation.Selu => 1.05070098735548 * (x > 0 ? x : 1.6732632423543772 * (Math.Exp(x) - 1)),
        RecurrentActivation.HardSigmoid => Math.Clamp(x + 3, 0, 6) / 6,
        RecurrentActivation.HardSilu => x * Math.Clamp(x + 3, 0, 6) / 6,
        RecurrentActivation.HardTanh => Math.Clamp(x, -1, 1),
        RecurrentActivation.Silu => x * Sigmoid(x),
        RecurrentActivation.Gelu => x * NormalDistribution(x),
        RecurrentActivation.GeluTanh => 0.5 * x * (1 + Math.Tanh(Math.Sqrt(2 / Math.PI) * (x + (0.044715 * x * x * x)))),
        RecurrentActivation.Mish => x * Math.Tanh(Math.Log(1 + Math.Exp(x))),
        RecurrentActivation.Softplus => Math.Log(1 + Math.Exp(x)),
        RecurrentActivation.Softsign => x / (1 + Math.Abs(x)),
        RecurrentActivation.Exponential => Math.Exp(x),
        RecurrentActivation.LogSigmoid => -Math.Log(1 + Math.Exp(-x)),
        RecurrentActivation.SparsePlus => x <= -1 ? 0 : x >= 1 ? x : (x + 1) * (x + 1) / 4,
        RecurrentActivation.SparseSigmoid => Math.Clamp((x + 1) / 2, 0, 1),
        RecurrentActivation.SquarePlus => (x + Math.Sqrt((x * x) + 4)) / 2,
        RecurrentActivation.TanhShrink => x - Math.Tanh(x),
        RecurrentActivation.HardShrink => Math.Abs(x) > 0.5 ? x : 0,
        RecurrentActivation.SoftShrink => x > 0.5 ? x - 0.5 : x < -0.5 ? x + 0.5 : 0,
        _ => throw new ArgumentOutOfRangeException(nameof(activation)),
    };

    private static double Sigmoid(double x) => 1 / (1 + Math.Exp(-x));

    // Simpson's rule from 0: exact enough here, and simple.
    private static double NormalDistribution(double x)
    {
        const int Pieces = 200;
        var width = x / Pieces;
        var sum = 0.0;
        for (var i = 0; i <= Pieces; i++)
        {
            var weight = i == 0 || i == Pieces ? 1 : i % 2 == 1 ? 4 : 2;
            var at = i * width;
            sum += weight * Math.Exp(-at * at / 2);
        }

        return 0.5 + (sum * width / 3 / Math.Sqrt(2 * Math.PI));
    }
}
