using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace OnnxFunctional.Visualization.Live;

/// <summary>
/// Serves two paths on 127.0.0.1, the page and its events, to GET requests that mean this address. .NET's HttpListener cannot take a free port by itself, and
/// asks Windows for a permission where it is not the address "localhost".
/// </summary>
internal sealed class LiveServer
{
    private const int MostClients = 32;

    private static readonly TimeSpan s_timeToAsk = TimeSpan.FromSeconds(10);

    /// <summary>How long the end of training waits for clients that read what is left.</summary>
    private static readonly TimeSpan s_timeToLeave = TimeSpan.FromSeconds(2);

    private readonly TcpListener _listener;
    private readonly LiveFeed _feed = new();
    private readonly Lazy<byte[]> _page;
    private readonly CancellationTokenSource _closing = new();
    private readonly CancellationTokenSource _stopped = new();
    private readonly List<Task> _clients = [];
    private readonly Task _running;

    private LiveServer(TcpListener listener, Func<string> page)
    {
        (_listener, _page) = (listener, new Lazy<byte[]>(() => Encoding.UTF8.GetBytes(page())));
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;
        Address = new Uri(string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{port}/"));
        _running = Task.WhenAll(Task.Run(Accept), Task.Run(_feed.Run));
    }

    /// <summary>Where the page is.</summary>
    public Uri Address { get; }

    /// <summary>Begins to serve.</summary>
    /// <param name="port">The port; 0 for a free one.</param>
    /// <param name="page">Makes the page, when it is asked for first.</param>
    /// <exception cref="ModelException">The port cannot be taken.</exception>
    public static LiveServer Start(int port, Func<string> page)
    {
        var listener = new TcpListener(IPAddress.Loopback, port);
        try
        {
            listener.Start();
        }
        catch (SocketException refused)
        {
            listener.Dispose();
            var why = refused.SocketErrorCode == SocketError.AddressAlreadyInUse ? "another program uses it" : refused.Message.TrimEnd('.');
            throw new ModelException($"The dashboard cannot use port {port} of 127.0.0.1: {why}. Choose another port, or 0 for one that is free.", refused);
        }

        return new LiveServer(listener, page);
    }

    /// <summary>Takes news from the training thread.</summary>
    public void Tell(LiveNews news) => _feed.Tell(news);

    /// <summary>Tells clients that training has ended, and closes.</summary>
    /// <param name="failure">Why it failed; null if it did not.</param>
    public void End(string? failure)
    {
        _feed.Tell(new LiveEnd(failure));
        _listener.Stop();
        _running.Wait();

        // Browsers open connections before they need them; those need no time.
        _closing.Cancel();
        Task[] clients;
        lock (_clients) clients = [.. _clients];
        Task.WaitAll(clients, s_timeToLeave);
        _stopped.Cancel();
        Task.WaitAll(clients, s_timeToLeave);
        _listener.Dispose();
        _closing.Dispose();
        _stopped.Dispose();
    }

    private async Task Accept()
    {
        while (true)
        {
            TcpClient client;
            try
            {
                client = await _listener.AcceptTcpClientAsync().ConfigureAwait(false);
            }
            catch (Exception closed) when (closed is SocketException or ObjectDisposedException or InvalidOperationException)
            {
                return;
            }

            lock (_clients)
            {
                _clients.RemoveAll(task => task.IsCompleted);
                var isFull = _clients.Count >= MostClients;
                _clients.Add(Task.Run(() => Serve(client, isFull)));
            }
        }
    }

    private async Task Serve(TcpClient client, bool isFull)
    {
        using (client)
        {
            try
            {
                client.NoDelay = true;
                var stream = client.GetStream();
                await using (stream.ConfigureAwait(false)) await Answer(stream, isFull).ConfigureAwait(false);
            }
            catch (Exception)
            {
                // The browser went away, or asked too slowly. Whatever happens to a client, training goes on.
            }
        }
    }

    private async Task Answer(NetworkStream stream, bool isFull)
    {
        LiveRequest? request;
        using (var patience = CancellationTokenSource.CreateLinkedTokenSource(_closing.Token))
        {
            patience.CancelAfter(s_timeToAsk);
            request = await LiveRequest.Read(stream, patience.Token).ConfigureAwait(false);
        }

        if (Refusal(request, isFull) is { } refusal)
        {
            await Send(stream, refusal, "text/plain", Encoding.UTF8.GetBytes(refusal + "\n")).ConfigureAwait(false);
            return;
        }

        if (request!.Path == "/")
        {
            await SendPage(stream).ConfigureAwait(false);
            return;
        }

        await stream.WriteAsync(Head("200 OK", "text/event-stream", null), _stopped.Token).ConfigureAwait(false);
        await _feed.Write(stream, _stopped.Token).ConfigureAwait(false);
    }

    /// <summary>Why a request is not answered; a page of another site could send one under a name that it lets lead here.</summary>
    private string? Refusal(LiveRequest? request, bool isFull) => request switch
    {
        null => "400 Bad Request",
        _ when isFull => "503 Service Unavailable",
        _ when request.Host != Address.Authority && request.Host != $"localhost:{Address.Port}" => "403 Forbidden",
        { Method: not "GET" } => "405 Method Not Allowed",
        { Path: not ("/" or "/events") } => "404 Not Found",
        _ => null,
    };

    private async Task SendPage(NetworkStream stream)
    {
        byte[] page;
        try
        {
            page = _page.Value;
        }
        catch (ModelException refusal)
        {
            await Send(stream, "500 Internal Server Error", "text/plain", Encoding.UTF8.GetBytes(refusal.Message + "\n")).ConfigureAwait(false);
            return;
        }

        await Send(stream, "200 OK", "text/html", page).ConfigureAwait(false);
    }

    private async Task Send(NetworkStream stream, string status, string type, byte[] content)
    {
        await stream.WriteAsync(Head(status, type, content.Length), _stopped.Token).ConfigureAwait(false);
        await stream.WriteAsync(content, _stopped.Token).ConfigureAwait(false);
    }

    private static byte[] Head(string status, string type, int? length) => Encoding.ASCII.GetBytes(
        $"HTTP/1.1 {status}\r\nContent-Type: {type}; charset=utf-8\r\nCache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\nConnection: close\r\n"
        + (status.StartsWith("405", StringComparison.Ordinal) ? "Allow: GET\r\n" : "")
        + (length is { } known ? string.Create(CultureInfo.InvariantCulture, $"Content-Length: {known}\r\n\r\n") : "\r\n"));
}
