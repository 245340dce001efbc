using System.Diagnostics;
using System.Globalization;

namespace OnnxFunctional.Tests.Cli;

/// <summary>A memory cgroup of Linux, which is what limits a container.</summary>
internal sealed class MemoryContainer : IDisposable
{
    private readonly string _folder;

    private MemoryContainer(string folder) => _folder = folder;

    /// <summary>Creates one; null where that is not possible.</summary>
    public static MemoryContainer? TryCreate(long bytes)
    {
        foreach (var (root, limit) in new[] { ("/sys/fs/cgroup/memory", "memory.limit_in_bytes"), ("/sys/fs/cgroup", "memory.max") })
        {
            var folder = Path.Combine(root, "onnxfunctional-" + Guid.NewGuid().ToString("N"));
            try
            {
                if (!OperatingSystem.IsLinux() || !Directory.Exists(root)) continue;
                Directory.CreateDirectory(folder);
                if (File.Exists(Path.Combine(folder, limit)))
                {
                    File.WriteAllText(Path.Combine(folder, limit), bytes.ToString(CultureInfo.InvariantCulture));
                    return new MemoryContainer(folder);
                }

                Directory.Delete(folder);
            }
            catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
            {
                continue;
            }
        }

        return null;
    }

    /// <summary>Runs a command inside and returns its exit code and what it wrote to standard error, or else to standard output.</summary>
    public (int Code, string Text) Run(string command, string[] arguments)
    {
        var enter = $"echo $$ > '{Path.Combine(_folder, "cgroup.procs")}' && exec \"$@\"";
        var start = new ProcessStartInfo("/bin/sh", ["-c", enter, "sh", command, .. arguments]) { RedirectStandardOutput = true, RedirectStandardError = true };
        using var process = Process.Start(start)!;
        var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        process.WaitForExit();
        return (process.ExitCode, error.Result.Length > 0 ? error.Result : output.Result);
    }

    public void Dispose()
    {
        try
        {
            Directory.Delete(_folder);
        }
        catch (IOException)
        {
            // The kernel may still be counting the memory of the process that has just ended; an empty group costs nothing.
            return;
        }
    }
}
