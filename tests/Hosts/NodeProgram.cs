using System.ComponentModel;
using System.Diagnostics;

namespace OnnxFunctional.Tests.Hosts;

/// <summary>Programs that run in Node.js, with the packages of examples/hosts.</summary>
internal static class NodeProgram
{
    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(5);

    /// <summary>The folder of the programs and their packages.</summary>
    public static string Hosts { get; } = Repository.PathOf("examples", "hosts");

    /// <summary>Skips the test where Node or one of these packages is missing, with a message that says what to install.</summary>
    public static void Need(params ReadOnlySpan<string> packages)
    {
        if (Run(["--version"]) is null) Assert.Inconclusive("Node.js is not installed; install version 20 or later to run this test.");
        var missing = new List<string>();
        foreach (var name in packages)
        {
            if (!Directory.Exists(Path.Combine(Hosts, "node_modules", name))) missing.Add(name);
        }

        if (missing.Count > 0) Assert.Inconclusive($"{string.Join(", ", missing)} not installed; run 'npm ci' in {Hosts} to run this test.");
    }

    /// <summary>Skips the test where there is no Chromium, with a message that says what to install.</summary>
    public static void NeedBrowser()
    {
        string?[] browsers = [Environment.GetEnvironmentVariable("CHROMIUM"), "/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
        if (!browsers.Any(File.Exists))
            Assert.Inconclusive("Chromium is not installed; install it (Debian: apt-get install chromium) or name it in CHROMIUM to run this test.");
    }

    /// <summary>Runs Node; null if it is not installed.</summary>
    public static (int Status, string Output, string Errors)? Run(string[] arguments, string folder = "")
    {
        var start = new ProcessStartInfo("node", arguments) { RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = folder };
        try
        {
            using var process = Process.Start(start)!;
            var (output, errors) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
            if (!process.WaitForExit(s_patience))
            {
                process.Kill(entireProcessTree: true);
                Assert.Fail($"{string.Join(' ', arguments)} did not end within {s_patience.TotalMinutes} minutes.");
            }

            return (process.ExitCode, output.Result, errors.Result);
        }
        catch (Win32Exception)
        {
            return null;
        }
    }
}
