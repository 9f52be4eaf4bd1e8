using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Fota.Cli.Server;

namespace Fota.Cli.Signing;

/// <summary>A signing service as the commands see it (docs/spec/signer-api.md). A refusal is a failure of the command, in the service's own words.</summary>
internal sealed class ServiceClient(HttpClient client, Stack<IDisposable> owned) : IDisposable
{
    // The largest image, uncompressible, with its index.
    private const long MaxFileBytes = 17L * 1024 * 1024 * 1024;

    private const string Service = "the service";

    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(2);

    private static readonly JsonSerializerOptions s_options = new(JsonSerializerDefaults.General) { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    /// <summary>Asks for something.</summary>
    public Task<JsonElement> GetAsync(string path, CancellationToken cancellation) => SendAsync(HttpMethod.Get, path, null, cancellation);

    /// <summary>Sends a document.</summary>
    public Task<JsonElement> PostAsync<T>(string path, T body, CancellationToken cancellation) => SendAsync(HttpMethod.Post, path, JsonContent.Create(body, options: s_options), cancellation);

    /// <summary>Has something done that needs no document.</summary>
    public Task<JsonElement> PostAsync(string path, CancellationToken cancellation) => SendAsync(HttpMethod.Post, path, new ByteArrayContent([]), cancellation);

    /// <summary>Sends a document as it is in a file.</summary>
    public async Task<JsonElement> PostFileAsync(string path, string file, CancellationToken cancellation)
    {
        ByteArrayContent content = new(await File.ReadAllBytesAsync(file, cancellation));
        content.Headers.ContentType = new("application/json");
        return await SendAsync(HttpMethod.Post, path, content, cancellation);
    }

    /// <summary>Sends a file, however long that takes.</summary>
    public async Task<JsonElement> PutAsync(string path, HttpContent content, CancellationToken cancellation)
    {
        using HttpRequestMessage request = new(HttpMethod.Put, new Uri(path, UriKind.Relative)) { Content = content };
        using HttpResponseMessage response = await client.SendAsync(request, cancellation);
        return await ReadAsync(response, cancellation);
    }

    /// <summary>Fetches a file; false where there is none.</summary>
    public async Task<bool> FetchAsync(string path, string file, CancellationToken cancellation)
    {
        using HttpResponseMessage response = await client.GetAsync(new Uri(path, UriKind.Relative), HttpCompletionOption.ResponseHeadersRead, cancellation);
        if (response.StatusCode == HttpStatusCode.NotFound)
        {
            return false;
        }

        if (!response.IsSuccessStatusCode)
        {
            _ = await ReadAsync(response, cancellation);
        }

        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        await using FileStream written = File.Create(file);
        await using Stream body = await response.Content.ReadAsStreamAsync(cancellation);
        await CopyAsync(body, written, file, cancellation);
        return true;
    }

    /// <summary>Takes a file of any allowed size, as long as something of it comes: neither an endless one nor one that stands still holds the command for ever (A06, A07).</summary>
    private static async Task CopyAsync(Stream from, FileStream to, string file, CancellationToken cancellation)
    {
        byte[] buffer = new byte[128 * 1024];
        while (true)
        {
            int read = await Patience.WaitAsync(Service, s_patience, changes: false, async stop => await from.ReadAsync(buffer, stop), TimeProvider.System, cancellation);
            if (read == 0)
            {
                return;
            }

            if (to.Length + read > MaxFileBytes)
            {
                throw new CommandFailedException($"{Path.GetFileName(file)}: wanted at most {MaxFileBytes} bytes, got more");
            }

            await to.WriteAsync(buffer.AsMemory(0, read), cancellation);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        client.Dispose();
        while (owned.TryPop(out IDisposable? last))
        {
            last.Dispose();
        }
    }

    private async Task<JsonElement> SendAsync(HttpMethod method, string path, HttpContent? content, CancellationToken cancellation)
    {
        using HttpRequestMessage request = new(method, new Uri(path, UriKind.Relative)) { Content = content };
        return await Patience.WaitAsync(
            Service,
            s_patience,
            changes: method != HttpMethod.Get,
            async stop =>
            {
                using HttpResponseMessage response = await client.SendAsync(request, stop);
                return await ReadAsync(response, stop);
            },
            TimeProvider.System,
            cancellation);
    }

    private static async Task<JsonElement> ReadAsync(HttpResponseMessage response, CancellationToken cancellation)
    {
        byte[] body = await response.Content.ReadAsByteArrayAsync(cancellation);
        return response.IsSuccessStatusCode
            ? JsonSerializer.Deserialize<JsonElement>(body)
            : throw new CommandFailedException($"the service refused ({(int)response.StatusCode}): {ServerConnection.Explain(body)}");
    }
}
