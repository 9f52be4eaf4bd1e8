using System.Net.Http.Headers;
using System.Net.Security;
using Fota.Cli.Server;
using Fota.Manifest.Log;

namespace Fota.Cli.Audit;

/// <summary>Where an auditor reads a log or a repository: a folder, or an address. Nothing that comes from there is believed.</summary>
internal static class LogSources
{
    /// <summary>Opens a source.</summary>
    /// <param name="place">A folder, or an http or https address.</param>
    /// <param name="authority">CAs that vouch for the server; null for those of the system.</param>
    /// <param name="token">The file with who asks; null where everybody may.</param>
    public static ITileSource Open(string place, FileInfo? authority, FileInfo? token = null)
    {
        if (Uri.TryCreate(place, UriKind.Absolute, out Uri? address) && (address.Scheme == Uri.UriSchemeHttps || address.Scheme == Uri.UriSchemeHttp))
        {
            SocketsHttpHandler handler = new() { AllowAutoRedirect = false };
            if (authority is not null)
            {
                handler.SslOptions = new SslClientAuthenticationOptions { CertificateChainPolicy = ServerConnection.TrustOnly(authority.FullName) };
            }

            // A token is for https alone: whoever reads it on the way is its owner.
            return token is null || address.Scheme == Uri.UriSchemeHttps
                ? Over(handler, new Uri(place.EndsWith('/') ? place : place + "/"), TimeProvider.System, token is null ? null : File.ReadAllText(token.FullName).Trim())
                : throw new CommandFailedException($"{place}: wanted an https address with --token-file, got http");
        }

        return Directory.Exists(place) ? new FolderSource(place) : throw new CommandFailedException($"{place}: wanted a folder, or an address like https://updates.example/repo/log/");
    }

    /// <summary>A source at an address.</summary>
    /// <param name="handler">The way there.</param>
    /// <param name="address">The address, with a slash at its end.</param>
    /// <param name="clock">What the deadline of each file goes by.</param>
    /// <param name="token">Who asks; null for nobody.</param>
    public static ITileSource Over(HttpMessageHandler handler, Uri address, TimeProvider clock, string? token = null) => new HttpSource(handler, address, clock, token);

    /// <summary>The part of a source below a folder of it.</summary>
    public static ITileSource Below(ITileSource source, string folder) => new BelowSource(source, folder);

    private sealed class FolderSource(string folder) : ITileSource
    {
        public byte[]? Read(string path, int maxBytes)
        {
            string file = Path.Combine(folder, path);
            if (!File.Exists(file))
            {
                return null;
            }

            using FileStream stream = File.OpenRead(file);
            return BoundedAsync(stream, maxBytes, CancellationToken.None).GetAwaiter().GetResult();
        }
    }

    private sealed class HttpSource(HttpMessageHandler handler, Uri address, TimeProvider clock, string? token) : ITileSource, IDisposable
    {
        // The largest file is a bundle of entries, 4 MiB if each were as long as one may be.
        private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(2);

        // The deadline is for the whole of a file. The client's own ends with the headers, and one for each read would let a server go on byte by byte (A07).
        private readonly HttpClient _client = new(handler) { BaseAddress = address, Timeout = Timeout.InfiniteTimeSpan };

        public void Dispose() => _client.Dispose();

        public byte[]? Read(string path, int maxBytes) => ReadAsync(path, maxBytes).GetAwaiter().GetResult();

        private async Task<byte[]?> ReadAsync(string path, int maxBytes)
        {
            using CancellationTokenSource deadline = new(s_patience, clock);
            try
            {
                return await ReadAsync(path, maxBytes, deadline.Token);
            }
            catch (OperationCanceledException) when (deadline.IsCancellationRequested)
            {
                throw new CommandFailedException($"{path}: wanted the whole of it within {s_patience.TotalSeconds:F0} seconds, got less");
            }
        }

        private async Task<byte[]?> ReadAsync(string path, int maxBytes, CancellationToken cancellation)
        {
            using HttpRequestMessage request = new(HttpMethod.Get, new Uri(path, UriKind.Relative));
            request.Headers.Authorization = token is null ? null : new AuthenticationHeaderValue("Bearer", token);
            using HttpResponseMessage response = await _client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellation);
            if (response.StatusCode is System.Net.HttpStatusCode.NotFound or System.Net.HttpStatusCode.Forbidden)
            {
                return null;
            }

            response.EnsureSuccessStatusCode();
            await using Stream body = await response.Content.ReadAsStreamAsync(cancellation);
            return await BoundedAsync(body, maxBytes, cancellation);
        }
    }

    private sealed class BelowSource(ITileSource source, string folder) : ITileSource
    {
        public byte[]? Read(string path, int maxBytes) => source.Read($"{folder}/{path}", maxBytes);
    }

    private static async Task<byte[]> BoundedAsync(Stream stream, int maxBytes, CancellationToken cancellation)
    {
        using MemoryStream kept = new();
        byte[] buffer = new byte[64 * 1024];
        int read;
        while (kept.Length <= maxBytes && (read = await stream.ReadAsync(buffer.AsMemory(0, (int)Math.Min(buffer.Length, maxBytes + 1L - kept.Length)), cancellation)) > 0)
        {
            kept.Write(buffer, 0, read);
        }

        return kept.ToArray();
    }
}
