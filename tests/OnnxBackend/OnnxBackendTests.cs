using System.Globalization;
using DataType = OnnxFunctional.Export.Proto.TensorProto.Types.DataType;

namespace OnnxFunctional.Tests.OnnxBackend;

/// <summary>ONNX's own suite: every file is opened as a model and computes what the suite says, or is refused for a listed reason.</summary>
/// <remarks>
/// A file passes if the engine computes the suite's outputs, the model written again does so in ONNX Runtime, and its gradient agrees with central differences.
/// <c>ONNX_BACKEND_DIR</c> names a folder of other releases; <c>ONNXF_WRITE_EXPECTATIONS=1</c> writes the list of the refused again.
/// </remarks>
[TestClass]
[TestCategory(BackendArchive.Category)]
[TestCategory(DataFolder.Category)]
public sealed class OnnxBackendTests
{
    private static readonly BackendArchive s_archive = new(DataFolder.Beside("onnx-backend", BackendArchive.Variable));

    private static readonly string s_expectations = Repository.PathOf("tests", "OnnxBackend", "refused.txt");

    public required TestContext TestContext { get; init; }

    public static IEnumerable<object[]> Releases => s_archive.Releases.DefaultIfEmpty("").Select(release => new object[] { release });

    [TestMethod]
    [DynamicData(nameof(Releases))]
    public void A_file_of_the_suite_is_a_model_or_is_refused_for_a_known_reason(string release)
    {
        if (release.Length == 0)
            throw DataFolder.Missing("A release of ONNX's backend tests, such as v1.22.0.tar.gz,", s_archive.Root, BackendArchive.Variable);
        var tests = s_archive.Read(release);
        var results = tests.AsParallel().Select(BackendRun.Of).OrderBy(result => result.Name, StringComparer.Ordinal).ToList();
        var ofFloats = Names(test => BackendValues.AreComputed(test));
        var quantized = Names(test => BackendValues.AreComputed(test, DataType.Int8, DataType.Uint8));
        var listed = release == s_archive.Releases[0] ? s_archive.Listed : null;
        var counted = results.Where(result => (listed ?? ofFloats).Contains(result.Name)).ToList();
        var known = counted.Concat(results.Where(result => quantized.Contains(result.Name))).Distinct().ToList();
        TestContext.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"onnx backend {release}: {Count(BackendOutcome.Passed)} of {counted.Count} float32 tests, {Count(BackendOutcome.Refused)} refused, "
            + $"{Count(BackendOutcome.Failed)} failed; gradients {counted.Count(result => result.Gradient == true)} of "
            + $"{counted.Count(result => result.Gradient is not null)}"));
        TestContext.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"of all {results.Count} tests {results.Count(result => result.Outcome == BackendOutcome.Passed)} passed, {results.Count(IsRefused)} refused"));

        // Tests of other types than those that are computed are refused by their types; the others are listed.
        if (Environment.GetEnvironmentVariable("ONNXF_WRITE_EXPECTATIONS") == "1")
        {
            var lines = File.ReadAllLines(s_expectations).Concat(known.Where(IsRefused).Select(Line));
            File.WriteAllLines(s_expectations, lines.DistinctBy(line => line.Split('\t')[0]).Order(StringComparer.Ordinal));
        }

        var expected = File.ReadLines(s_expectations).Select(line => line.Split('\t')[0]).ToHashSet(StringComparer.Ordinal);
        var wrong = results.Where(result => result.Outcome == BackendOutcome.Failed)
            .Concat(known.Where(result => IsRefused(result) && !expected.Contains(ShortName(result))))
            .Select(result => $"{result.Name}: {result.Outcome}, {result.Reason}");
        Assert.IsEmpty(wrong, string.Join(Environment.NewLine, wrong));

        HashSet<string> Names(Func<BackendTest, bool> isOne) => [.. tests.Where(isOne).Select(test => test.Name)];

        int Count(BackendOutcome outcome) => counted.Count(result => result.Outcome == outcome);
    }

    private static bool IsRefused(BackendResult result) => result.Outcome == BackendOutcome.Refused;

    private static string ShortName(BackendResult result) => result.Name[(result.Name.IndexOf('/', StringComparison.Ordinal) + 1)..];

    private static string Line(BackendResult result)
    {
        const string before = "cannot be opened as a model: ";
        var reason = result.Reason[(result.Reason.IndexOf(before, StringComparison.Ordinal) is >= 0 and var at ? at + before.Length : 0)..];
        return ShortName(result) + "\t" + reason.Replace(" OnnxModel.Load runs it.", "", StringComparison.Ordinal);
    }
}
