using System.Net.Http.Headers;
using System.Security.Cryptography;
using Azure;
using Azure.Storage;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Blobs.Specialized;
using Fota.Manifest;
using Fota.UpdateServer.Storage;

namespace Fota.UpdateServer.Artifacts.Azure;

/// <summary>Content in a container of Azure Blob Storage, each under its digest. A name is made once (If-None-Match: *), and never before its bytes were proven.</summary>
internal sealed class AzureBlobs(BlobContainerClient container, StorageResilience resilience) : IBlobStore
{
    /// <summary>Bytes that are sent, and asked for, at once.</summary>
    public const int BlockSize = 4 * 1024 * 1024;

    // What a cache in front of the storage may do: a name never has other bytes.
    private static readonly BlobHttpHeaders s_headers = new() { ContentType = "application/octet-stream", CacheControl = "public, max-age=31536000, immutable" };
    private static readonly BlobRequestConditions s_new = new() { IfNoneMatch = ETag.All };
    private static readonly UploadTransferValidationOptions s_checked = new() { ChecksumAlgorithm = StorageChecksumAlgorithm.MD5 }; // against accidents on the way; what is what says SHA-256

    /// <inheritdoc/>
    public bool Has(Sha256Digest digest)
    {
        try
        {
            return resilience.Ask(stop => Blob(digest).GetProperties(cancellationToken: stop)).HasValue;
        }
        catch (RequestFailedException e) when (IsNotThere(e))
        {
            return false;
        }
    }

    /// <inheritdoc/>
    public Stream? Open(Sha256Digest digest) => Fetch(digest, 0, BlockSize) is { } first ? new AzureBlobStream(this, digest, first) : null;

    /// <inheritdoc/>
    public async ValueTask<Stream?> OpenAsync(Sha256Digest digest, WantedRange wanted, CancellationToken cancellation) =>
        await FetchAsync(digest, wanted.First, Math.Min(wanted.Count ?? BlockSize, BlockSize), cancellation) is { } first ? new AzureBlobStream(this, digest, first) : null;

    /// <inheritdoc/>
    public void Add(StagedContent staged)
    {
        // Whoever staged it may still have it open for writing.
        using FileStream file = new(staged.File, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0, FileOptions.SequentialScan);
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        BlockBlobClient blob = container.GetBlockBlobClient(staged.Digest.ToString());
        byte[] buffer = new byte[(int)Math.Clamp(staged.Length, 1, BlockSize)];
        string upload = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8)); // nobody else's block has this name
        List<string> blocks = [];
        for (int read; (read = file.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false)) > 0;)
        {
            hash.AppendData(buffer, 0, read);
            string id = Convert.ToBase64String(System.Text.Encoding.ASCII.GetBytes($"{upload}-{blocks.Count:d8}"));
            resilience.Send(stop => blob.StageBlock(id, new MemoryStream(buffer, 0, read, writable: false), new BlockBlobStageBlockOptions { TransferValidation = s_checked }, stop));
            blocks.Add(id);
        }

        // What was sent is what is named, or it never becomes visible.
        Sha256Digest sent = Sha256Digest.FromBytes(hash.GetHashAndReset());
        if (sent != staged.Digest)
        {
            throw new IOException($"content {staged.Digest}: wanted its bytes in the staging area, got bytes with digest {sent}");
        }

        Commit(blob, staged.Digest, blocks);
    }

    /// <summary>Nothing to do: what the storage has acknowledged it has.</summary>
    public void Flush(IEnumerable<Sha256Digest> added)
    {
    }

    /// <inheritdoc/>
    public void Remove(Sha256Digest digest) => resilience.Ask(stop => Blob(digest).DeleteIfExists(cancellationToken: stop));

    /// <summary>Bytes of a content from <paramref name="first"/> on, at most <paramref name="count"/>; null when it is not there.</summary>
    public AzureWindow? Fetch(Sha256Digest digest, long first, long count)
    {
        BlobClient blob = Blob(digest);
        try
        {
            return AzureWindow.Of(first, resilience.Ask(stop => blob.DownloadStreaming(Range(first, count), stop)));
        }
        catch (RequestFailedException e) when (IsNotThere(e))
        {
            return null;
        }
        catch (RequestFailedException e) when (IsOutOfRange(e))
        {
            return new AzureWindow(first, resilience.Ask(stop => blob.GetProperties(cancellationToken: stop)).Value.ContentLength, Stream.Null);
        }
    }

    /// <inheritdoc cref="Fetch"/>
    public async Task<AzureWindow?> FetchAsync(Sha256Digest digest, long first, long count, CancellationToken cancellation)
    {
        BlobClient blob = Blob(digest);
        try
        {
            return AzureWindow.Of(first, await resilience.AskAsync(stop => blob.DownloadStreamingAsync(Range(first, count), stop), cancellation));
        }
        catch (RequestFailedException e) when (IsNotThere(e))
        {
            return null;
        }
        catch (RequestFailedException e) when (IsOutOfRange(e))
        {
            return new AzureWindow(first, (await resilience.AskAsync(stop => blob.GetPropertiesAsync(cancellationToken: stop), cancellation)).Value.ContentLength, Stream.Null);
        }
    }

    /// <inheritdoc cref="StorageResilience.WithinAsync"/>
    public ValueTask<int> WithinAsync(Func<CancellationToken, ValueTask<int>> read, CancellationToken cancellation) => resilience.WithinAsync(read, cancellation);

    /// <summary>There is no such content. That the whole container is not there is another matter.</summary>
    public static bool IsNotThere(RequestFailedException e) => Is(e, BlobErrorCode.BlobNotFound);

    /// <summary>The name was made already; or it was while this server sent its blocks, which are void then.</summary>
    public static bool IsThereAlready(RequestFailedException e) =>
        Is(e, BlobErrorCode.BlobAlreadyExists) || Is(e, BlobErrorCode.ConditionNotMet) || Is(e, BlobErrorCode.InvalidBlockList);

    /// <summary>The content ends before the range begins.</summary>
    public static bool IsOutOfRange(RequestFailedException e) => Is(e, BlobErrorCode.InvalidRange);

    // As text: the type's own comparison takes a failure without a code, a lost connection for example, for every one.
    private static bool Is(RequestFailedException e, BlobErrorCode code) => string.Equals(e.ErrorCode, code.ToString(), StringComparison.Ordinal);

    private static BlobDownloadOptions Range(long first, long count) => new() { Range = new HttpRange(first, Math.Max(count, 1)) };

    private BlobClient Blob(Sha256Digest digest) => container.GetBlobClient(digest.ToString());

    private void Commit(BlockBlobClient blob, Sha256Digest digest, List<string> blocks)
    {
        try
        {
            resilience.Send(stop => blob.CommitBlockList(blocks, new CommitBlockListOptions { HttpHeaders = s_headers, Conditions = s_new }, stop));
        }
        catch (RequestFailedException e) when (IsThereAlready(e))
        {
            // By an earlier publication, another server, or a try of this one whose answer was lost: what is under the name was proven then.
            if (!Has(digest))
            {
                throw StorageResilience.Away(e);
            }
        }
    }
}

/// <summary>A part of a content on its way.</summary>
/// <param name="First">Where it begins in the content.</param>
/// <param name="Length">Length of the whole content.</param>
/// <param name="Body">Its bytes.</param>
internal sealed record AzureWindow(long First, long Length, Stream Body)
{
    /// <exception cref="StoreUnavailableException">It is not what was asked for: the bytes would stand at the wrong place.</exception>
    public static AzureWindow Of(long first, Response<BlobDownloadStreamingResult> answer)
    {
        // bytes FIRST-LAST/LENGTH (RFC 9110, section 14.4); something in between that knows no ranges answers 200, without it.
        string? said = answer.Value.Details.ContentRange;
        if (ContentRangeHeaderValue.TryParse(said, out ContentRangeHeaderValue? range) && range is { Unit: "bytes", HasRange: true, HasLength: true } && range.From == first)
        {
            return new AzureWindow(first, range.Length!.Value, answer.Value.Content);
        }

        answer.Value.Dispose();
        throw new StoreUnavailableException($"the content storage is away (wanted bytes from {first} on, got {said ?? "something else"})");
    }
}
