using System.Net;
using System.Net.Http.Headers;
using Fota.DeviceAgent.Configuration;

namespace Fota.DeviceAgent.Fetching;

/// <summary>A copy of the repository that a person names: an address, or a folder, which is served within the process. Neither is trusted.</summary>
internal static class RepositoryCopy
{
    public static HttpClient Open(string source, out Uri repository)
    {
        if (Uri.TryCreate(source.TrimEnd('/') + "/", UriKind.Absolute, out Uri? address) && address.Scheme is "http" or "https")
        {
            repository = address;
            return TufClient.CreateHttp();
        }

        if (!Directory.Exists(source))
        {
            throw new SettingsException($"{source}: wanted a folder, or an http or https address");
        }

        repository = new Uri("http://folder/");
        return new HttpClient(new FolderHandler(Path.TrimEndingDirectorySeparator(Path.GetFullPath(source)))) { Timeout = Timeout.InfiniteTimeSpan };
    }

    private sealed class FolderHandler(string folder) : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) => Task.FromResult(Answer(request));

        private HttpResponseMessage Answer(HttpRequestMessage request)
        {
            string path = Path.GetFullPath(Path.Combine(folder, Uri.UnescapeDataString(request.RequestUri!.AbsolutePath).TrimStart('/')));
            if (!path.StartsWith(folder + "/", StringComparison.Ordinal) || !File.Exists(path))
            {
                return With(request, HttpStatusCode.NotFound, new ByteArrayContent([]));
            }

            FileStream file = File.OpenRead(path);
            if (request.Headers.Range?.Ranges.SingleOrDefault() is not { From: { } from })
            {
                return With(request, HttpStatusCode.OK, new StreamContent(file));
            }

            if (from >= file.Length)
            {
                file.Dispose();
                return With(request, HttpStatusCode.RequestedRangeNotSatisfiable, new ByteArrayContent([]));
            }

            // To the end of the file: a reader that wants less reads less.
            file.Position = from;
            StreamContent rest = new(file);
            rest.Headers.ContentRange = new ContentRangeHeaderValue(from, file.Length - 1, file.Length);
            return With(request, HttpStatusCode.PartialContent, rest);
        }

        private static HttpResponseMessage With(HttpRequestMessage request, HttpStatusCode status, HttpContent content) => new(status) { RequestMessage = request, Content = content };
    }
}
