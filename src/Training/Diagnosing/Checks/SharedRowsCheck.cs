using System.Buffers.Binary;
using System.Text;
using static OnnxFunctional.Training.Diagnosing.Figures;

namespace OnnxFunctional.Training.Diagnosing;

/// <summary>Samples of the validation data that are training samples too, which makes validation say nothing.</summary>
internal sealed class SharedRowsCheck : IFaultCheck
{
    // Real data holds a few samples twice.
    private const double LeastShare = 0.05;

    // The bits of a sample, as if its numbers were independent, with which no two of 2^32 pairs agree by chance; twice as many, because they are not.
    private const double DistinctBits = 64;

    private const int MostSamples = 512;

    private const ulong FnvBasis = 14695981039346656037;
    private const ulong FnvPrime = 1099511628211;

    public string Subject => "samples in training and validation data";

    public void Run(Examination examination)
    {
        if (examination.Validation is not { } validation)
        {
            examination.Skip(Subject, "no validationData was given.");
            return;
        }

        if (!examination.CanCut)
        {
            examination.Skip(Subject, examination.CannotTry!);
            return;
        }

        var known = new HashSet<ulong>();
        var (repeated, shared, first) = (0, 0, -1);
        for (var i = 0; i < examination.Training.Count; i++) repeated += known.Add(Hash(examination.Training, i)) ? 0 : 1;
        for (var i = 0; i < validation.Count; i++)
        {
            if (!known.Contains(Hash(validation, i))) continue;
            shared++;
            if (first < 0) first = i;
        }

        // Where samples repeat within the training data, categories or short texts are the likelier reason.
        var share = shared / (double)Math.Max(1, validation.Count);
        var within = repeated / (double)examination.Training.Count;
        if (shared < 2 || share < LeastShare || (share <= 2 * within && !IsDistinct(examination.Training))) return;
        examination.Add(
            FindingKind.SharedRows,
            "",
            $"{shared:N0} of the {validation.Count:N0} validation samples ({Percent(share)}) are training samples too, the first of them sample {first}: "
            + "validation then measures memory. Remove duplicates before the data is split, and split before samples are repeated or augmented.");
    }

    /// <summary>Whether samples hold so much that two do not agree by chance, as those of a few categories do.</summary>
    private static bool IsDistinct(SampleSet samples)
    {
        var some = samples.Spread(MostSamples);
        var bits = 0.0;
        foreach (var array in some.Inputs.Where(array => array.DType != DType.String))
        {
            var values = array.AsFloats();
            var (size, column) = (values.Length / some.Count, new float[some.Count]);
            for (var j = 0; j < size; j++)
            {
                for (var i = 0; i < column.Length; i++) column[i] = values[(i * size) + j];
                bits -= Math.Log2(column.CountBy(value => value).Sum(entry => Math.Pow(entry.Value / (double)column.Length, 2)));
                if (bits > DistinctBits) return true;
            }
        }

        return false;
    }

    /// <summary>A hash of all inputs of a sample: FNV-1a, over words.</summary>
    private static ulong Hash(SampleSet samples, int sample)
    {
        var hash = FnvBasis;
        foreach (var array in samples.Inputs)
        {
            if (array.DType == DType.String)
            {
                foreach (var text in array.Take([sample]).AsTexts()) Add(Encoding.UTF8.GetBytes(text));
            }
            else
            {
                var bytes = new byte[array.Shape.ElementCount / Math.Max(1, array.Count) * array.DType.Size()];
                array.CopyTo(bytes, sample, 1);
                Add(bytes);
            }
        }

        return hash;

        void Add(ReadOnlySpan<byte> bytes)
        {
            for (; bytes.Length >= sizeof(uint); bytes = bytes[sizeof(uint)..]) hash = (hash ^ BinaryPrimitives.ReadUInt32LittleEndian(bytes)) * FnvPrime;
            foreach (var value in bytes) hash = (hash ^ value) * FnvPrime;
        }
    }
}
