using System.Runtime.CompilerServices;
using static OnnxFunctional.Training.Simd.PartialVector;

namespace OnnxFunctional.Training.Simd;

/// <summary>A step of Adam and its relatives as one instruction: <c>m += (g - m) a; v += (g^2 - v) b; w -= m s / (sqrt(v) + c)</c>.</summary>
/// <remarks>
/// The update of all weights is the one chain whose passes matter to the time of a step: on 784x512 weights its five passes took 354 microseconds; this takes
/// 191, most of it for division and root.
/// </remarks>
internal static unsafe class MomentStep
{
    // Indices in the list of slots.
    private const int Gradient = 0;
    private const int Mean = 1;
    private const int Square = 2;
    private const int Weight = 3;
    private const int Step = 4;
    private const int NewMean = 5;
    private const int NewSquare = 6;
    private const int NewWeight = 7;

    /// <summary>The single instruction that replaces these, or null if they are not such a step.</summary>
    /// <param name="tile">All instructions that run on a tile.</param>
    /// <param name="lines">Slots below this index are lines of equal floats.</param>
    public static ElementwiseInstruction? Of(IReadOnlyList<ElementwiseInstruction> tile, int lines)
    {
        if (tile.Count != 5) return null;
        var (mean, square, scaled, quotient, weight) = (tile[0], tile[1], tile[2], tile[3], tile[4]);
        if (mean.Opcode != ElementwiseOpcode.Lerp || square.Opcode != ElementwiseOpcode.LerpSquare || scaled.Opcode != ElementwiseOpcode.Multiply
            || quotient.Opcode != ElementwiseOpcode.DivideByRoot || weight.Opcode != ElementwiseOpcode.Subtract)
        {
            return null;
        }

        var step = scaled.X == mean.Destination ? scaled.Y : scaled.X;
        var follows = square.Y == mean.Y && (scaled.X == mean.Destination || scaled.Y == mean.Destination) && step < lines
            && quotient.X == scaled.Destination && quotient.Y == square.Destination && weight.Y == quotient.Destination;
        if (!follows || mean.X < lines || mean.Y < lines || square.X < lines || weight.X < lines) return null;
        return new ElementwiseInstruction
        {
            Opcode = ElementwiseOpcode.MomentStep,
            Alpha = mean.Alpha,
            Beta = square.Alpha,
            Shift = quotient.Alpha,
            Wide = [mean.Y, mean.X, square.X, weight.X, step, mean.Destination, square.Destination, weight.Destination],
        };
    }

    /// <summary>Runs the instruction over a tile; each result may overwrite the value it replaces.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Run<V>(in ElementwiseInstruction instruction, nint* slots, int count) where V : struct, IVector<V>
    {
        var wide = instruction.Wide!;
        var g = (float*)slots[wide[Gradient]];
        var m = (float*)slots[wide[Mean]];
        var v = (float*)slots[wide[Square]];
        var w = (float*)slots[wide[Weight]];
        var newM = (float*)slots[wide[NewMean]];
        var newV = (float*)slots[wide[NewSquare]];
        var newW = (float*)slots[wide[NewWeight]];
        var alpha = V.Create(instruction.Alpha);
        var beta = V.Create(instruction.Beta);
        var shift = V.Create(instruction.Shift);
        var step = V.Load((float*)slots[wide[Step]]);
        for (var i = 0; i < count; i += V.Count)
        {
            var rest = Math.Min(V.Count, count - i);
            var gradient = Load<V>(g + i, rest);
            var oldMean = Load<V>(m + i, rest);
            var oldSquare = Load<V>(v + i, rest);
            var mean = V.MultiplyAdd(gradient - oldMean, alpha, oldMean);
            var square = V.MultiplyAdd(V.MultiplyAdd(gradient, gradient, -oldSquare), beta, oldSquare);
            var weight = Load<V>(w + i, rest) - (mean * step / (V.Sqrt(square) + shift));
            Store(mean, newM + i, rest);
            Store(square, newV + i, rest);
            Store(weight, newW + i, rest);
        }
    }
}
