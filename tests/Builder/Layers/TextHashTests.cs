using OnnxFunctional.Layers;

namespace OnnxFunctional.Tests.Builder.Layers;

/// <summary>The hashes are those of Keras: its documentation shows bins.</summary>
[TestClass]
public sealed class TextHashTests
{
    /// <summary>Numbers of Google's farmhash for the first letters of "abc...wabc...w...", for every range of lengths with a formula of its own.</summary>
    [TestMethod]
    [DataRow(0, 11160318154034397263UL)]
    [DataRow(1, 12917804110809363939UL)]
    [DataRow(3, 2640714258260161385UL)]
    [DataRow(4, 1897425971756105985UL)]
    [DataRow(7, 4341691227789030229UL)]
    [DataRow(8, 18368443631171807497UL)]
    [DataRow(15, 7529451393577069597UL)]
    [DataRow(16, 6080716761534418621UL)]
    [DataRow(17, 11394395984755135400UL)]
    [DataRow(31, 89422518122585190UL)]
    [DataRow(32, 5936979857920952738UL)]
    [DataRow(33, 14849283947597575410UL)]
    [DataRow(63, 1159279990616295250UL)]
    [DataRow(64, 2120850720858916619UL)]
    [DataRow(65, 18335121393993400675UL)]
    [DataRow(127, 10674619548057026312UL)]
    [DataRow(128, 14593139257644141942UL)]
    [DataRow(129, 11752384933470399224UL)]
    [DataRow(200, 10219704338946509661UL)]
    public void Fingerprints_are_those_of_the_reference_for_texts_of_any_length(int length, ulong expected) =>
        Assert.AreEqual(expected, TextHash.Fingerprint(string.Concat(Enumerable.Range(0, length).Select(i => (char)('a' + (i % 23))))));

    [TestMethod]
    public void Fingerprints_give_the_bins_of_a_documented_example() =>
        CollectionAssert.AreEqual(new ulong[] { 0, 2, 2 }, Bins(3, "Hello", "TensorFlow", "2.x"));

    [TestMethod]
    public void Fingerprints_give_the_bins_in_the_documentation_of_Keras() =>
        CollectionAssert.AreEqual(new ulong[] { 1, 0, 1, 1, 2 }, Bins(3, "A", "B", "C", "D", "E"));

    [TestMethod]
    public void The_hash_with_a_key_gives_the_number_of_its_paper()
    {
        // The key is the bytes 0 to 15, the text the bytes 0 to 14.
        var text = string.Concat(Enumerable.Range(0, 15).Select(i => (char)i));
        Assert.AreEqual(0xa129ca6149be45e5, TextHash.Keyed(text, 0x0706050403020100, 0x0f0e0d0c0b0a0908));
    }

    private static ulong[] Bins(int count, params string[] words) => [.. words.Select(word => TextHash.Fingerprint(word) % (ulong)count)];
}
