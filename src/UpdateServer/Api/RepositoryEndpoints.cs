using Fota.UpdateServer.Artifacts;
using Fota.UpdateServer.Releases;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Net.Http.Headers;

namespace Fota.UpdateServer.Api;

/// <summary>
/// The repository, for anyone: everything in it proves itself. A request names a published path or nothing; no part of it ever becomes a file name, so
/// there is nothing to traverse (A15, A53).
/// </summary>
internal static class RepositoryEndpoints
{
    private const string Forever = "public, max-age=31536000, immutable";
    private const string Bytes = "application/octet-stream";
    private const string Revalidate = "no-cache";

    public static void Map(IEndpointRouteBuilder app) =>
        app.MapMethods("/repo/{**path}", [HttpMethods.Get, HttpMethods.Head], GetAsync)
            .Produces<byte[]>(StatusCodes.Status200OK, Bytes).Produces<byte[]>(StatusCodes.Status206PartialContent, Bytes).ProducesProblem(StatusCodes.Status404NotFound).DisableRequestTimeout();

    private static async Task<Results<FileStreamHttpResult, ProblemHttpResult>> GetAsync(string? path, HttpRequest request, HttpResponse response, RepositoryFiles files, ContentStore content)
    {
        if (!RepositoryPath.TryParse(path, out RepositoryPath? parsed) || files.Find(parsed) is not { } file)
        {
            return NotFound(response);
        }

        // RFC 9110, sections 13.1.5 and 14.2: a part only of what the client has the rest of, and only in bytes. The framework takes a date, or what it cannot read, for
        // a match, and every unit for bytes.
        EntityTagHeaderValue tag = new($"\"{file.Digest}\"");
        bool isOfThisFile = request.Headers.IfRange.Count == 0 || request.Headers.IfRange == tag.ToString();
        if (!isOfThisFile || !request.Headers.Range.ToString().StartsWith("bytes=", StringComparison.OrdinalIgnoreCase))
        {
            request.Headers.Remove(HeaderNames.Range);
        }

        // Content that somebody removed is not found, as what was never there: the client takes another way, or comes again.
        if (await content.OpenAsync(file.Digest, WantedOf(request, file.Length), request.HttpContext.RequestAborted) is not { } stream)
        {
            return NotFound(response);
        }

        // No date of modification: that of the file is when it came to this server, which says nothing of what lay under the path before, or on another server.
        response.Headers.CacheControl = parsed.IsMutable ? Revalidate : Forever;
        return TypedResults.Stream(stream, ContentTypeOf(parsed.Kind), entityTag: tag, enableRangeProcessing: true);
    }

    private static ProblemHttpResult NotFound(HttpResponse response)
    {
        response.Headers.CacheControl = Revalidate; // the next root or timestamp may be there in a moment
        return Problems.OfStatus(StatusCodes.Status404NotFound, "no published file has this path");
    }

    /// <summary>What a request will read of a file, as far as that can be told; what it gets is the framework's to say.</summary>
    private static WantedRange WantedOf(HttpRequest request, long length) => HttpMethods.IsHead(request.Method) ? new WantedRange(0, 1) : request.GetTypedHeaders().Range?.Ranges is { Count: 1 } ranges
        ? ranges.First() switch
        {
            { From: { } first, To: var last } when first < length && !(last < first) => new WantedRange(first, Math.Min(last ?? length, length - 1) - first + 1),
            { From: null, To: { } last } when last <= length => new WantedRange(length - last, last),
            _ => WantedRange.Whole,
        }
        : WantedRange.Whole;

    private static string ContentTypeOf(RepositoryFile kind) => kind switch
    {
        RepositoryFile.Manifest => "application/suit-envelope+cose",
        RepositoryFile.ChunkTable => "application/cbor",
        RepositoryFile.Pack or RepositoryFile.LogTile => Bytes,
        RepositoryFile.LogCheckpoint => "text/plain; charset=utf-8",
        _ => "application/json",
    };
}
