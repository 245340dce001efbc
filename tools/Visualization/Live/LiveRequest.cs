using System.Text;

namespace OnnxFunctional.Visualization.Live;

/// <summary>What a browser asks for: the first line and the host of a request; its body, if it has one, is not read.</summary>
/// <param name="Method">GET, or another.</param>
/// <param name="Path">What it asks for.</param>
/// <param name="Host">The host that it means; null unless it names exactly one.</param>
internal sealed record LiveRequest(string Method, string Path, string? Host)
{
    // A browser sends about one kilobyte; it also sends the cookies of other programs on 127.0.0.1.
    private const int MostBytes = 32 * 1024;

    /// <summary>Reads the head of a request; null if it is none, or too long.</summary>
    public static async Task<LiveRequest?> Read(Stream stream, CancellationToken cancellationToken)
    {
        var buffer = new byte[MostBytes];
        var length = 0;
        while (length < buffer.Length)
        {
            var read = await stream.ReadAsync(buffer.AsMemory(length), cancellationToken).ConfigureAwait(false);
            if (read == 0) return null;
            var start = Math.Max(0, length - 3);
            length += read;
            if (buffer.AsSpan(start, length - start).IndexOf("\r\n\r\n"u8) is >= 0 and var end) return Parse(Encoding.Latin1.GetString(buffer, 0, start + end));
        }

        return null;
    }

    private static LiveRequest? Parse(string head)
    {
        var lines = head.Split("\r\n");
        if (lines[0].Split(' ') is not [var method, ['/', ..] path, var version] || !version.StartsWith("HTTP/1.", StringComparison.Ordinal)) return null;
        var hosts = lines.Skip(1).Where(line => line.StartsWith("Host:", StringComparison.OrdinalIgnoreCase)).Select(line => line[5..].Trim()).ToList();
        return new LiveRequest(method, path, hosts.Count == 1 ? hosts[0] : null);
    }
}
