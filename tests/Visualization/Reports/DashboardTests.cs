using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;
using OnnxFunctional.Layers;
using OnnxFunctional.Tests.Publishing;
using OnnxFunctional.Training;
using OnnxFunctional.Visualization;
using OnnxFunctional.Visualization.Live;

namespace OnnxFunctional.Tests.Visualization.Reports;

/// <summary>The page that follows a training, asked by HTTP.</summary>
[TestClass]
[DoNotParallelize]
public sealed class DashboardTests
{
    [TestMethod]
    public async Task Events_are_those_of_the_training_in_its_order()
    {
        await using var run = new LiveRun(epochs: 3);
        var early = await run.Listen();
        Assert.AreEqual("begin", (await early.Next()).Name);
        var step = await early.Next();
        Assert.AreEqual("step", step.Name);
        Assert.AreEqual(1, (int)step.Data["epoch"]!);
        run.LetGo(2);
        Assert.AreEqual(1, (int)(await early.NextEpoch())["epoch"]!);
        Assert.AreEqual((double)run.Losses[0], (double)step.Data["loss"]!, 1e-6);
        Assert.AreEqual(2, (int)(await early.NextEpoch())["epoch"]!);

        // A client that comes late gets all epochs so far.
        var late = await run.Listen();
        Assert.AreEqual("begin", (await late.Next()).Name);
        Assert.AreEqual(1, (int)(await late.NextEpoch())["epoch"]!);
        run.LetGo(2);
        var history = await run.History;
        foreach (var client in (LiveClient[])[early, late])
        {
            var events = await client.Rest();
            Assert.AreEqual("done", events[^1].Name);
            var last = events.Last(entry => entry.Name == "epoch").Data;
            Assert.AreEqual(3, (int)last["epoch"]!);
            Assert.AreEqual(history["loss"][2], (double)last["logs"]!["loss"]!);
        }

        Assert.IsNull(run.Dashboard.Address);
        await Assert.ThrowsAsync<HttpRequestException>(() => run.Http.GetStringAsync(run.Address));
    }

    [TestMethod]
    public async Task The_page_is_that_of_the_model_and_its_curves_follow()
    {
        await using var run = new LiveRun(epochs: 1);
        var page = new WrittenPage(await run.Http.GetStringAsync(await run.Started()));
        CollectionAssert.AreEqual(new[] { "graph", "curves", "costs", "environment" }, page.Sections.ToArray());
        Assert.IsTrue((bool)page.Data["live"]!);
        Assert.AreEqual("Training of watched", page.All("h1").Single().Value);
        run.LetGo(1);
        await run.History;
        StringAssert.Contains(run.Printed, run.Address.ToString());
    }

    [TestMethod]
    [DataRow("GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n", "403", DisplayName = "another host")]
    [DataRow("GET / HTTP/1.1\r\nHost: 127.0.0.1:PORT.evil.example\r\n\r\n", "403", DisplayName = "a host that begins alike")]
    [DataRow("GET / HTTP/1.1\r\n\r\n", "403", DisplayName = "no host")]
    [DataRow("GET / HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\nHost: 127.0.0.1:PORT\r\n\r\n", "403", DisplayName = "two hosts")]
    [DataRow("GET /../secret HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\n\r\n", "404", DisplayName = "another path")]
    [DataRow("GET /?x HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\n\r\n", "404", DisplayName = "a query")]
    [DataRow("POST / HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\nContent-Length: 0\r\n\r\n", "405", DisplayName = "another method")]
    [DataRow("nonsense\r\n\r\n", "400", DisplayName = "no request")]
    [DataRow("GET / HTTP/1.1\r\nHost: localhost:PORT\r\n\r\n", "200", DisplayName = "localhost")]
    public async Task Only_requests_that_mean_the_dashboard_are_answered(string request, string status)
    {
        await using var run = new LiveRun(epochs: 1);
        var port = (await run.Started()).Port;
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, port);
        var sent = request.Replace("PORT", port.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal);
        await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes(sent));
        using var reader = new StreamReader(client.GetStream());
        StringAssert.StartsWith(await reader.ReadToEndAsync(), $"HTTP/1.1 {status} ");
        run.LetGo(1);
        await run.History;
    }

    [TestMethod]
    public async Task A_request_without_an_end_is_refused()
    {
        await using var run = new LiveRun(epochs: 1);
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, (await run.Started()).Port);
        await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes("GET / HTTP/1.1\r\nX: " + new string('x', 32 * 1024 - 19)));
        using var reader = new StreamReader(client.GetStream());
        StringAssert.StartsWith(await reader.ReadToEndAsync(), "HTTP/1.1 400 ");
        run.LetGo(1);
        await run.History;
    }

    [TestMethod]
    public async Task A_training_that_fails_tells_and_closes()
    {
        await using var run = new LiveRun(epochs: 2, failure: new InvalidOperationException("the disk is full"));
        var client = await run.Listen();
        run.LetGo(1);
        await Assert.ThrowsExactlyAsync<InvalidOperationException>(() => run.History);
        var last = (await client.Rest())[^1];
        Assert.AreEqual(("failed", "the disk is full"), (last.Name, (string?)last.Data["message"]));
        await Assert.ThrowsAsync<HttpRequestException>(() => run.Http.GetStringAsync(run.Address));
    }

    [TestMethod]
    public async Task A_training_that_is_cancelled_closes()
    {
        await using var run = new LiveRun(epochs: 5);
        var client = await run.Listen();
        run.Cancel();
        run.LetGo(1);
        await run.History;
        Assert.AreEqual("done", (await client.Rest())[^1].Name);
        await Assert.ThrowsAsync<HttpRequestException>(() => run.Http.GetStringAsync(run.Address));
    }

    [TestMethod]
    public async Task More_clients_than_the_most_are_refused_until_one_leaves()
    {
        await using var run = new LiveRun(epochs: 1);
        var clients = new List<LiveClient>();
        for (var i = 0; i < 32; i++) clients.Add(await run.Listen());
        var refusal = await Assert.ThrowsExactlyAsync<HttpRequestException>(() => run.Http.GetStringAsync(run.Address));
        Assert.AreEqual(HttpStatusCode.ServiceUnavailable, refusal.StatusCode);
        run.LetGo(1);
        await run.History;
        foreach (var client in clients) Assert.AreEqual("done", (await client.Rest())[^1].Name);
    }

    [TestMethod]
    public async Task A_connection_that_asks_nothing_does_not_delay_the_end()
    {
        await using var run = new LiveRun(epochs: 1);
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, (await run.Started()).Port);
        run.LetGo(1);
        await run.History;
        Assert.AreEqual(0, await client.GetStream().ReadAsync(new byte[1]), "the server closed it");
    }

    /// <summary>Whatever the number of steps, a client that comes late gets the epochs and the last step.</summary>
    [TestMethod]
    public async Task Steps_are_not_kept()
    {
        var feed = new LiveFeed();
        for (var i = 0; i < 1000; i++) feed.Tell(new LiveStep(0, i, i + 1, 0.5f));
        feed.Tell(new LiveEpoch(0, [("loss", double.NaN)]));
        feed.Tell(new LiveEnd(null));
        await feed.Run();
        using var written = new MemoryStream();
        await feed.Write(written, CancellationToken.None);
        Assert.AreEqual(
            "event: begin\ndata: {}\n\nevent: epoch\ndata: {\"epoch\":1,\"logs\":{\"loss\":null}}\n\nevent: done\ndata: {}\n\n",
            Encoding.UTF8.GetString(written.ToArray()));
    }

    [TestMethod]
    public void A_port_in_use_is_a_sentence_and_training_does_not_begin()
    {
        var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        var port = ((IPEndPoint)taken.LocalEndpoint).Port;
        var model = new Sequential([1], new Dense(1));
        var trainer = model.Compile(new Sgd(), Loss.MeanSquaredError);
        var error = Assert.ThrowsExactly<ModelException>(() =>
            trainer.Fit(new float[2, 1], new float[2, 1], verbose: 0, callbacks: [new Dashboard(port)]));
        StringAssert.Contains(error.Message, $"cannot use port {port} of 127.0.0.1: another program uses it. Choose another port, or 0");
        Assert.AreEqual(0, trainer.Iterations);
        taken.Dispose();
        StringAssert.Contains(Assert.ThrowsExactly<ModelException>(() => new Dashboard(70_000)).Message, "port is 70000");
    }

    [TestMethod]
    public void One_dashboard_serves_one_training_after_another()
    {
        var model = new Sequential([1], new Dense(1));
        var trainer = model.Compile(new Sgd(), Loss.MeanSquaredError);
        var dashboard = new Dashboard();
        var addresses = new List<Uri?>();
        for (var i = 0; i < 2; i++)
        {
            trainer.Fit(
                new float[2, 1],
                new float[2, 1],
                verbose: 0,
                callbacks: [dashboard, new LambdaCallback(onTrainBegin: _ => addresses.Add(dashboard.Address))]);
        }

        Assert.IsTrue(addresses.All(address => address is { Host: "127.0.0.1" }));
        Assert.IsNull(dashboard.Address);
    }

    [TestMethod]
    public void A_training_without_pictures_loads_no_library_that_draws()
    {
        using var folder = new TemporaryFolder();
        var dotnet = Environment.ProcessPath is { } host && Path.GetFileNameWithoutExtension(host) == "dotnet" ? host : "dotnet";
        var (code, output) = Subprocess.Run(
            dotnet, [typeof(AssembliesWorker).Assembly.Location, AssembliesWorker.Command, folder.File("log.csv")], folder.Path);
        Assert.AreEqual(0, code, output);
        var loaded = output.Split(Environment.NewLine);
        CollectionAssert.Contains(loaded, "OnnxFunctional.Training");
        foreach (var name in (string[])["OnnxFunctional.Visualization", "ScottPlot", "SkiaSharp", "HarfBuzzSharp", "System.Net.Sockets"])
            CollectionAssert.DoesNotContain(loaded, name);
    }

    /// <summary>A training that waits after the steps of each epoch until it is let go.</summary>
    private sealed class LiveRun : IAsyncDisposable
    {
        private readonly SemaphoreSlim _gate = new(0);
        private readonly TaskCompletionSource<Uri> _started = new();
        private readonly CancellationTokenSource _cancelled = new();
        private readonly StringWriter _printed = new();
        private readonly TextWriter _output = Console.Out;

        public LiveRun(int epochs, Exception? failure = null)
        {
            Console.SetOut(_printed);
            var model = new Sequential([new Dense(1)], name: "watched");
            var trainer = model.Compile(new Sgd(0.1), Loss.MeanSquaredError);
            float[,] x = { { 1 }, { 2 }, { 3 } };
            var gate = new LambdaCallback(
                onTrainBegin: _ => _started.SetResult(Dashboard.Address!),
                onTrainBatchEnd: (_, loss) =>
                {
                    Losses.Add(loss);
                    _gate.Wait();
                    if (failure is not null) throw failure;
                });
            History = Task.Run(() => trainer.Fit(x, x, epochs: epochs, verbose: 0, callbacks: [Dashboard, gate], cancellationToken: _cancelled.Token));
        }

        public Dashboard Dashboard { get; } = new();

        public Task<History> History { get; }

        public HttpClient Http { get; } = new();

        public List<float> Losses { get; } = [];

        public Uri Address => _started.Task.Result;

        public string Printed => _printed.ToString();

        public Task<Uri> Started() => _started.Task;

        public async Task<LiveClient> Listen() => new(await Http.GetStreamAsync(new Uri(await _started.Task, "events")));

        public void LetGo(int epochs) => _gate.Release(epochs);

        public void Cancel() => _cancelled.Cancel();

        public async ValueTask DisposeAsync()
        {
            _gate.Release(100);
            await Task.WhenAny(History);
            Console.SetOut(_output);
            Http.Dispose();
        }
    }

    /// <summary>Reads events.</summary>
    private sealed class LiveClient(Stream stream)
    {
        private readonly StreamReader _reader = new(stream);

        public async Task<(string Name, JsonNode Data)> Next() =>
            await Read() ?? throw new AssertFailedException("The events ended.");

        public async Task<JsonNode> NextEpoch()
        {
            while (true)
            {
                var (name, data) = await Next();
                if (name == "epoch") return data;
            }
        }

        public async Task<List<(string Name, JsonNode Data)>> Rest()
        {
            var events = new List<(string, JsonNode)>();
            while (await Read() is { } next) events.Add(next);
            return events;
        }

        private async Task<(string Name, JsonNode Data)?> Read()
        {
            if (await _reader.ReadLineAsync() is not { } name) return null;
            var data = await _reader.ReadLineAsync();
            Assert.AreEqual("", await _reader.ReadLineAsync());
            return (name["event: ".Length..], JsonNode.Parse(data!["data: ".Length..])!);
        }
    }
}
