namespace Fota.UpdateServer.Storage.Rows;

/// <summary>A row of the table webhook_messages, with its entry.</summary>
internal sealed class WebhookRow
{
    /// <summary>Gives up what no server has a receiver for. Nobody tries it, so that its moment stands.</summary>
    public const string GiveUp =
        "UPDATE webhook_messages SET state = 'GivenUp', problem = 'no server has this webhook any more' WHERE state = 'Waiting' AND due < @Forgotten AND hook NOT IN (SELECT hook FROM webhook_events)";

    public required string Hook { get; init; }

    public required long Number { get; init; }

    public required byte[] Entry { get; init; }

    public required long Attempts { get; init; }

    public string? Problem { get; init; }

    public WebhookMessage ToMessage() => new(Hook, Number, Entry, (int)Attempts, Problem);
}

/// <summary>What is counted of that table, by webhook.</summary>
internal sealed class BacklogRow
{
    public required string Hook { get; init; }

    public required long Waiting { get; init; }

    public required long GivenUp { get; init; }

    public string? Problem { get; init; }

    public WebhookBacklog ToBacklog() => new(Hook, Waiting, GivenUp, Problem);
}
