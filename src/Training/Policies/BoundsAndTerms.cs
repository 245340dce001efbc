using OnnxFunctional.Operators;

namespace OnnxFunctional.Training.Policies;

/// <summary>
/// Whether numbers in a node lose their meaning in a 16-bit type: a bound that rounds outward would be overstepped, such as 1 - 1e-7, whose nearest half is 1;
/// a term or factor that underflows would be absent, such as an epsilon of 1e-8 under a root.
/// </summary>
internal static class BoundsAndTerms
{
    public static bool AreLost(Node node, DType type) => node.Op switch
    {
        Clip clip => Rounded(clip.Minimum, type) < clip.Minimum || Rounded(clip.Maximum, type) > clip.Maximum,
        Max => Constants(node).Any(values => Exists(values, value => Rounded(value, type) < value)),
        Min => Constants(node).Any(values => Exists(values, value => Rounded(value, type) > value)),
        Add or Sub or Mul => Constants(node).Any(values => Exists(values, value => value != 0) && !Exists(values, value => !Underflows(value, type))),
        _ => false,
    };

    /// <summary>The number as that type stores it.</summary>
    public static float Rounded(float value, DType type) => type == DType.Float16 ? (float)(Half)value : BFloat16(value);

    /// <summary>Below the smallest normal number, precision falls until nothing is left.</summary>
    private static bool Underflows(float value, DType type) => MathF.Abs(value) < (type == DType.Float16 ? 6.1035156e-5f : 1.17549435e-38f);

    private static float BFloat16(float value)
    {
        var bits = BitConverter.SingleToUInt32Bits(value);
        return float.IsFinite(value) ? BitConverter.UInt32BitsToSingle((bits + 0x7FFF + ((bits >> 16) & 1)) & 0xFFFF0000) : value;
    }

    private static IEnumerable<TensorData> Constants(Node node) =>
        node.Inputs.Select(input => input.Producer.Op).OfType<Constant>().Select(constant => constant.Data).Where(data => data.Type == DType.Float32);

    private static bool Exists(TensorData data, Func<float, bool> condition)
    {
        foreach (var value in data.As<float>())
        {
            if (condition(value)) return true;
        }

        return false;
    }
}
