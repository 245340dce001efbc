using Google.Protobuf;
using OnnxFunctional.Export;
using OnnxFunctional.Export.Import;

namespace OnnxFunctional.Tests.Export.Import;

/// <summary>Damaged files give a model or an <see cref="OnnxFileException"/>, nothing else, and never need much memory.</summary>
[TestClass]
public class OnnxFileFuzzTests
{
    private const long MemoryForOneFile = 4_000_000;

    private static readonly OnnxModelOptions OneThread = new() { IntraOpThreads = 1 };

    private static readonly byte[][] Seeds =
    [
        HandmadeModels.Dense().ToByteArray(),
        HandmadeModels.AddAndCompare().ToByteArray(),
        HandmadeModels.Lookup().ToByteArray(),
        HandmadeModels.Loop().ToByteArray(),
    ];

    [TestMethod]
    public void A_file_cut_at_every_byte_is_a_sentence()
    {
        foreach (var seed in Seeds)
        {
            for (var length = 0; length < seed.Length; length++) Guard(seed[..length]);
        }
    }

    [TestMethod]
    public void Every_byte_set_to_extremes_is_a_sentence()
    {
        foreach (var seed in Seeds)
        {
            for (var position = 0; position < seed.Length; position++)
            {
                foreach (byte value in (ReadOnlySpan<byte>)[0x00, 0x7F, 0x80, 0xFF, (byte)(seed[position] ^ 1), (byte)(seed[position] ^ 0x40)])
                {
                    var damaged = (byte[])seed.Clone();
                    damaged[position] = value;
                    Guard(damaged);
                }
            }
        }
    }

    [TestMethod]
    public void Random_flips_insertions_and_repeats_are_sentences()
    {
        var random = new Random(20251123);
        for (var round = 0; round < 20_000; round++) Guard(Damage(Seeds[round % Seeds.Length], random));
    }

    [TestMethod]
    public void Random_changes_through_OnnxRuntime_are_sentences()
    {
        var random = new Random(7);
        var loaded = 0;
        for (var round = 0; round < 1_000; round++)
        {
            try
            {
                using var model = OnnxModel.FromBytes(Damage(Seeds[round % Seeds.Length], random), options: OneThread);
                loaded++;
            }
            catch (OnnxFileException refused)
            {
                Assert.IsGreaterThan(20, refused.Message.Length);
            }
        }

        Assert.IsGreaterThan(0, loaded);
    }

    private static void Guard(byte[] bytes)
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        try
        {
            OnnxFileGuard.ReadBytes(bytes, "the model", null, new OnnxFileLimits());
        }
        catch (OnnxFileException refused)
        {
            Assert.StartsWith("the model is not accepted: ", refused.Message);
        }

        Assert.IsLessThan(MemoryForOneFile, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    private static byte[] Damage(byte[] seed, Random random)
    {
        var bytes = new List<byte>(seed);
        for (var change = random.Next(1, 4); change > 0 && bytes.Count > 1; change--)
        {
            var position = random.Next(bytes.Count);
            switch (random.Next(5))
            {
                case 0:
                    bytes[position] ^= (byte)(1 << random.Next(8));
                    break;
                case 1:
                    bytes[position] = (byte)random.Next(256);
                    break;
                case 2:
                    bytes.Insert(position, (byte)random.Next(256));
                    break;
                case 3:
                    bytes.RemoveAt(position);
                    break;
                default:
                    bytes.InsertRange(position, bytes.GetRange(position, Math.Min(random.Next(1, 40), bytes.Count - position)));
                    break;
            }
        }

        return [.. bytes];
    }
}
