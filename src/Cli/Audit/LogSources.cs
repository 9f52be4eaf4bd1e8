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
    public static ITileSource Open(string place, FileInfo? authority)
    {
        if (Uri.TryCreate(place, UriKind.Absolute, out Uri? address) && (address.Scheme == Uri.UriSchemeHttps || address.Scheme == Uri.UriSchemeHttp))
        {
            return new HttpSource(new Uri(place.EndsWith('/') ? place : place + "/"), authority);
        }

        return Directory.Exists(place) ? new FolderSource(place) : throw new CommandFailedException($"{place}: wanted a folder, or an address like https://updates.example/repo/log/");
    }

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
            return Bounded(stream, maxBytes);
        }
    }

    private sealed class HttpSource : ITileSource, IDisposable
    {
        private readonly HttpClient _client;

        public HttpSource(Uri address, FileInfo? authority)
        {
            SocketsHttpHandler handler = new() { AllowAutoRedirect = false };
            if (authority is not null)
            {
                handler.SslOptions = new SslClientAuthenticationOptions { CertificateChainPolicy = ServerConnection.TrustOnly(authority.FullName) };
            }

            _client = new HttpClient(handler) { BaseAddress = address, Timeout = TimeSpan.FromSeconds(30) };
        }

        public void Dispose() => _client.Dispose();

        public byte[]? Read(string path, int maxBytes)
        {
            using HttpRequestMessage request = new(HttpMethod.Get, new Uri(path, UriKind.Relative));
            using HttpResponseMessage response = _client.Send(request, HttpCompletionOption.ResponseHeadersRead);
            if (response.StatusCode is System.Net.HttpStatusCode.NotFound or System.Net.HttpStatusCode.Forbidden)
            {
                return null;
            }

            response.EnsureSuccessStatusCode();
            using Stream body = response.Content.ReadAsStream();
            return Bounded(body, maxBytes);
        }
    }

    private sealed class BelowSource(ITileSource source, string folder) : ITileSource
    {
        public byte[]? Read(string path, int maxBytes) => source.Read($"{folder}/{path}", maxBytes);
    }

    private static byte[] Bounded(Stream stream, int maxBytes)
    {
        using MemoryStream kept = new();
        byte[] buffer = new byte[64 * 1024];
        int read;
        while (kept.Length <= maxBytes && (read = stream.Read(buffer, 0, (int)Math.Min(buffer.Length, maxBytes + 1L - kept.Length))) > 0)
        {
            kept.Write(buffer, 0, read);
        }

        return kept.ToArray();
    }
}
