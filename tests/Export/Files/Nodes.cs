using System.Diagnostics;
using System.Net.Sockets;

namespace OnnxFunctional.Tests.Export.Files;

/// <summary>Names in a folder that are no regular files.</summary>
internal static class Nodes
{
    public static string Pipe(TemporaryFolder folder) => Made(folder.File("pipe"), "mkfifo", "pipe");

    /// <summary>A node of its own for the device behind /dev/null, which only root can make.</summary>
    public static string Device(TemporaryFolder folder) => Made(folder.File("device"), "mknod", "device", "c", "1", "3");

    public static string Socket(TemporaryFolder folder)
    {
        var path = folder.File("socket");
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Bind(new UnixDomainSocketEndPoint(path));

        // Closing removes the node; its test needs it longer.
        File.Move(path, path + "-kept");
        return path + "-kept";
    }

    private static string Made(string path, string command, params string[] arguments)
    {
        try
        {
            using var process = Process.Start(new ProcessStartInfo(command, arguments)
            {
                WorkingDirectory = Path.GetDirectoryName(path),
                RedirectStandardError = true,
            })!;
            process.WaitForExit();
            if (process.ExitCode != 0) Assert.Inconclusive($"{command} refuses: {process.StandardError.ReadToEnd()}");
        }
        catch (System.ComponentModel.Win32Exception missing)
        {
            Assert.Inconclusive($"{command} is not installed: {missing.Message}");
        }

        return path;
    }
}
