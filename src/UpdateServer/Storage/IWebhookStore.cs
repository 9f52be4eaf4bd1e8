namespace Fota.UpdateServer.Storage;

/// <summary>
/// Keeps what is to be told to whom. A message is written in the transaction of the log's entry that it is made of, so that neither is there without the other; whichever server
/// claims it sends it, and one at a time.
/// </summary>
internal interface IWebhookStore
{
    /// <summary>So long after a server said last whom it tells, and after a message was due last that is for nobody whom a server tells, both are given up.</summary>
    static TimeSpan Patience => TimeSpan.FromDays(3);

    /// <summary>Says whom a server tells of what from now on; what other servers said stays. Messages that no server has a receiver for are given up after <see cref="Patience"/>.</summary>
    /// <param name="server">The server.</param>
    /// <param name="subscriptions">Who is told of what.</param>
    /// <param name="now">The moment.</param>
    void Configure(string server, IReadOnlyList<Subscription> subscriptions, DateTimeOffset now);

    /// <summary>Takes messages of one receiver that are due. Until <paramref name="until"/> no other server takes them; whoever dies with one leaves it for then.</summary>
    /// <param name="hook">The receiver.</param>
    /// <param name="now">The moment.</param>
    /// <param name="until">How long they are the caller's.</param>
    /// <param name="most">How many.</param>
    IReadOnlyList<WebhookMessage> Claim(string hook, DateTimeOffset now, DateTimeOffset until, int most);

    /// <summary>It was told.</summary>
    void Delivered(WebhookMessage message);

    /// <summary>It was not.</summary>
    /// <param name="message">What was claimed.</param>
    /// <param name="again">When to try again; null: never.</param>
    /// <param name="problem">Why, in one line.</param>
    void Failed(WebhookMessage message, DateTimeOffset? again, string problem);

    /// <summary>What waits and what was given up, by webhook: the newest problem among it, if there is one.</summary>
    IReadOnlyList<WebhookBacklog> Backlogs();

    /// <summary>The newest messages that were given up.</summary>
    IReadOnlyList<WebhookMessage> GivenUp(int most);
}

/// <summary>Who is told of what.</summary>
/// <param name="Hook">The webhook.</param>
/// <param name="Event">A kind of entry, "group.*" or "*".</param>
internal sealed record Subscription(string Hook, string Event);

/// <summary>Something to tell.</summary>
/// <param name="Hook">To whom.</param>
/// <param name="Number">The entry's number in the log.</param>
/// <param name="Entry">The entry.</param>
/// <param name="Attempts">How often it was tried, this time too.</param>
/// <param name="Problem">Why it failed last; null if it did not.</param>
internal sealed record WebhookMessage(string Hook, long Number, ReadOnlyMemory<byte> Entry, int Attempts, string? Problem);

/// <summary>How far somebody is behind.</summary>
/// <param name="Hook">Who.</param>
/// <param name="Waiting">Messages that wait.</param>
/// <param name="GivenUp">Messages that were given up.</param>
/// <param name="Problem">Why one of those that wait failed last; null if none did.</param>
internal sealed record WebhookBacklog(string Hook, long Waiting, long GivenUp, string? Problem);
